//! Loads an aggregate: folds the newest commits, starting from the newest usable snapshot.

use crate::{
    Aggregate, Commit, Corrupt, EventSchema as _, EventStore, Fingerprint, Head, Ordinal,
    ReadError, ReadFrom, RememberedKey, SchemaError, Snapshot, StreamId, Version,
    command::identity,
    limits::{COMMITS_PER_LONG_READ, REMEMBERED_KEYS_MAX},
};

/// A loaded aggregate, ready for the next commit.
#[derive(Debug)]
pub struct History<A: Aggregate> {
    /// The state after all events.
    pub state: A::State,
    /// Where the next commit goes.
    pub head: Head,
    /// Recent command keys, newest first.
    keys: Vec<RememberedKey>,
    /// Commits since the newest usable snapshot, or since the beginning.
    commits_since_snapshot: usize,
}

/// An aggregate as of some version.
#[derive(Debug)]
pub struct Past<A: Aggregate> {
    /// The state at that version.
    pub state: A::State,
    /// The last version in the state: the requested one, or the newest when the stream ends earlier.
    pub version: Option<Version>,
}

/// Why an aggregate cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields' names say it")]
pub enum LoadError {
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// This code cannot decode a stored event.
    #[error("stream {stream}, version {version}: {cause}")]
    Schema { stream: StreamId, version: Version, cause: SchemaError },
}

impl From<Corrupt> for LoadError {
    fn from(corrupt: Corrupt) -> Self {
        Self::Read(corrupt.into())
    }
}

impl<A: Aggregate> History<A> {
    /// The history of a new stream.
    pub(crate) fn empty(stream: StreamId) -> Self {
        let head = Head::empty(stream);
        Self { state: A::State::default(), head, keys: Vec::new(), commits_since_snapshot: 0 }
    }

    /// Loads an aggregate. This is one read at any stream length, if the newest snapshot is usable.
    pub(crate) async fn load(store: &dyn EventStore, stream: StreamId) -> Result<Self, LoadError> {
        let tail = Tail::<A>::read(store, &stream, None).await?;
        let head = match tail.newest_first.first() {
            Some(newest) => newest.head(),
            None => Head::empty(stream),
        };
        let keys = tail.keys();
        let commits_since_snapshot = tail.commits_to_fold;
        let (state, _) = tail.fold(None)?;
        Ok(Self { state, head, keys, commits_since_snapshot })
    }

    /// The remembered command with this identity.
    pub(crate) fn remembered(&self, identity: &Fingerprint) -> Option<&RememberedKey> {
        self.keys.iter().find(|key| key.identity == *identity)
    }

    /// The snapshot for the next commit, when one is due.
    pub(crate) fn snapshot_due(&self, state: &A::State, commit: &Commit) -> Option<Snapshot> {
        let every = usize::try_from(A::SNAPSHOT_EVERY).unwrap_or(usize::MAX);
        if self.commits_since_snapshot + 1 < every {
            return None;
        }
        let state = crate::Payload::of(state).ok()?;
        let snapshot = Snapshot {
            schema: A::SNAPSHOT_SCHEMA,
            version: commit.last_version(),
            keys: self.keys.iter().take(REMEMBERED_KEYS_MAX).cloned().collect(),
            state,
        };
        // A snapshot that is too large is left out; the next load then reads further back.
        snapshot.seal().map(|_| snapshot)
    }
}

impl<A: Aggregate> Past<A> {
    pub(crate) async fn load(
        store: &dyn EventStore,
        stream: &StreamId,
        at: Version,
    ) -> Result<Self, LoadError> {
        let tail = Tail::<A>::read(store, stream, Some(at)).await?;
        let (state, version) = tail.fold(Some(at))?;
        Ok(Self { state, version })
    }
}

/// The newest commits of a stream, down to a usable snapshot or to the beginning.
struct Tail<A: Aggregate> {
    /// All commits that were read, including those before the snapshot: their keys still count.
    newest_first: Vec<Commit>,
    /// How many of them come after the snapshot.
    commits_to_fold: usize,
    /// The snapshot to start from.
    snapshot: Option<(A::State, Version, Vec<RememberedKey>)>,
}

impl<A: Aggregate> Tail<A> {
    async fn read(
        store: &dyn EventStore,
        stream: &StreamId,
        at: Option<Version>,
    ) -> Result<Self, LoadError> {
        // A commit's ordinal is never larger than its versions, so every commit up to `at` is at or below this ordinal.
        let start = at.and_then(|version| Ordinal::new(version.get()));
        let mut from = start.map_or(ReadFrom::Newest, ReadFrom::Down);
        let mut tail = Self { newest_first: Vec::new(), commits_to_fold: 0, snapshot: None };
        let mut page_size = A::SNAPSHOT_EVERY;
        loop {
            let page = store.read(stream, from, page_size).await?;
            // Where the newest commits hold no snapshot that fits, none further down may. The next commit will carry one.
            page_size = COMMITS_PER_LONG_READ.max(A::SNAPSHOT_EVERY);
            let is_end = page.is_empty();
            for commit in page {
                tail.push(commit, at)?;
            }
            let next = tail.newest_first.last().and_then(|oldest| oldest.ordinal().previous());
            match next {
                Some(_) if tail.snapshot.is_some() => return Ok(tail),
                Some(missing) if is_end => return Err(gap(stream, missing).into()),
                Some(next) => from = ReadFrom::Down(next),
                None => return Ok(tail),
            }
        }
    }

    fn push(&mut self, commit: Commit, at: Option<Version>) -> Result<(), Corrupt> {
        if let Some(newer) = self.newest_first.last() {
            follows(newer, &commit)?;
        }
        let is_past = at.is_none_or(|at| commit.last_version() <= at);
        if self.snapshot.is_none() {
            if let Some(snapshot) = commit.snapshot().filter(|_| is_past) {
                let state = snapshot.state(A::SNAPSHOT_SCHEMA);
                self.snapshot = state.map(|state| (state, snapshot.version, snapshot.keys.clone()));
            }
            if self.snapshot.is_none() {
                self.commits_to_fold += 1;
            }
        }
        self.newest_first.push(commit);
        Ok(())
    }

    fn keys(&self) -> Vec<RememberedKey> {
        let read = self.newest_first.iter().map(|commit| RememberedKey {
            identity: identity(&commit.context().actor, &commit.context().key),
            fingerprint: commit.fingerprint().clone(),
            version: commit.last_version(),
        });
        let mut keys: Vec<_> = read.collect();
        let oldest = keys.last().map(|key| key.version);
        let behind = self.snapshot.iter().flat_map(|(_, _, keys)| keys);
        keys.extend(behind.filter(|key| oldest.is_none_or(|oldest| key.version < oldest)).cloned());
        keys
    }

    fn fold(self, at: Option<Version>) -> Result<(A::State, Option<Version>), LoadError> {
        let (mut state, mut last) = match self.snapshot {
            Some((state, version, _)) => (state, Some(version)),
            None => (A::State::default(), None),
        };
        for commit in self.newest_first.iter().take(self.commits_to_fold).rev() {
            for event in commit.envelopes() {
                if at.is_some_and(|at| event.version > at) {
                    return Ok((state, last));
                }
                let events =
                    A::Event::decode(&event.event_type, event.schema_version, &event.payload);
                let events = events.map_err(|cause| LoadError::Schema {
                    stream: commit.stream().clone(),
                    version: event.version,
                    cause,
                })?;
                state = A::fold(state, &events);
                last = Some(event.version);
            }
        }
        Ok((state, last))
    }
}

/// Checks on reading, too, that a history has no gap.
fn follows(newer: &Commit, older: &Commit) -> Result<(), Corrupt> {
    let ordinal = newer.ordinal().previous();
    let version = newer.first_version().previous();
    if ordinal == Some(older.ordinal()) && version == Some(older.last_version()) {
        return Ok(());
    }
    Err(Corrupt {
        stream: newer.stream().key(),
        ordinal: Some(newer.ordinal().get()),
        what: format!(
            "begins at version {}, but commit {} before it ends at version {}",
            newer.first_version(),
            older.ordinal(),
            older.last_version()
        ),
    })
}

fn gap(stream: &StreamId, missing: Ordinal) -> Corrupt {
    Corrupt {
        stream: stream.key(),
        ordinal: Some(missing.get()),
        what: "is missing, though later commits exist".to_owned(),
    }
}
