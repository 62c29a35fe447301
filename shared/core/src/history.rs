//! Loads an aggregate: folds the newest commits, starting from the newest usable snapshot.

use crate::{
    Aggregate, Commit, Context, Corrupt, Decider, EventSchema as _, EventStore, Fingerprint, Head,
    KeyTag, Ordinal, ReadError, ReadFrom, SchemaError, Snapshot, StoredCommit, StreamId, Version,
    WRITE_UNIT_BYTES,
    limits::{COMMITS_PER_FIRST_READ, COMMITS_PER_LONG_READ, REMEMBERED_KEYS_MAX},
};

/// A loaded aggregate, ready for the next commit.
#[derive(Debug)]
pub struct History<A: Aggregate> {
    /// The state after all events.
    pub state: A::State,
    /// Where the next commit goes.
    pub head: Head,
    /// The newest commits, newest first.
    commits: Vec<Commit>,
    /// The commits that the newest usable snapshot remembers.
    behind: Vec<Remembered>,
    /// Commits since the newest usable snapshot, or since the beginning.
    commits_since_snapshot: usize,
}

/// A commit that a snapshot remembers.
#[derive(Clone, Debug)]
struct Remembered {
    ordinal: Ordinal,
    tag: KeyTag,
}

/// A command that was carried out before.
pub(crate) struct Known {
    /// The fingerprint of its request.
    pub(crate) fingerprint: Fingerprint,
    /// The last version of its commit.
    pub(crate) version: Version,
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
        Self {
            state: A::State::default(),
            head: Head::empty(stream),
            commits: Vec::new(),
            behind: Vec::new(),
            commits_since_snapshot: 0,
        }
    }

    /// Loads an aggregate. This is one read at any stream length, if the newest commits hold a usable snapshot.
    pub(crate) async fn load(store: &dyn EventStore, stream: StreamId) -> Result<Self, LoadError> {
        let tail = Tail::<A>::read(store, &stream, None).await?;
        let head = match tail.newest_first.first() {
            Some(newest) => newest.head(),
            None => Head::empty(stream),
        };
        let behind = tail.behind();
        let commits_since_snapshot = tail.commits_to_fold;
        let (commits, (state, _)) = tail.fold(None)?;
        Ok(Self { state, head, commits, behind, commits_since_snapshot })
    }

    /// The command, if it was carried out before. A snapshot remembers too little of it to be sure, so its commit is read.
    pub(crate) async fn known(
        &self,
        store: &dyn EventStore,
        context: &Context,
    ) -> Result<Option<Known>, ReadError> {
        let of = |commit: &Commit| {
            let is_known = commit.context().is_same_command(context);
            let (fingerprint, version) = (commit.fingerprint().clone(), commit.last_version());
            is_known.then_some(Known { fingerprint, version })
        };
        if let Some(known) = self.commits.iter().find_map(of) {
            return Ok(Some(known));
        }
        if self.behind.is_empty() {
            return Ok(None);
        }
        let tag = KeyTag::of(&context.identity());
        let candidates = self.behind.iter().filter(|remembered| remembered.tag == tag);
        let candidates: Vec<Ordinal> = candidates.map(|remembered| remembered.ordinal).collect();
        for ordinal in candidates {
            let page = store.read(self.head.stream(), ReadFrom::Down(ordinal), 1).await?;
            if let Some(known) = page.first().and_then(of) {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    /// The snapshot for the next commit, when one is due.
    ///
    /// A snapshot that stays within the write unit which its commit has begun is free. So the first read of a load should
    /// hold one. A larger one is less frequent: it adds at most a write unit to so many commits.
    pub(crate) fn snapshot_due(&self, state: &A::State, commit: &Commit) -> Option<Snapshot> {
        let commits = self.commits_since_snapshot + 1;
        let every = count(A::SNAPSHOT_EVERY);
        let frequent = count(COMMITS_PER_FIRST_READ);
        if commits < every.min(frequent) {
            return None;
        }
        let tags = self.commits.iter().map(|commit| KeyTag::of(&commit.context().identity()));
        let behind = self.behind.iter().map(|remembered| remembered.tag.clone());
        let snapshot = Snapshot {
            schema: A::SNAPSHOT_SCHEMA,
            version: commit.last_version(),
            keys: tags.chain(behind).take(REMEMBERED_KEYS_MAX).collect(),
            state: crate::Payload::of(state).ok()?,
        };
        // A snapshot that is too large is left out; the next load then reads further back.
        let bytes = "sn".len() + snapshot.seal()?.len();
        let before = StoredCommit::from(commit).size_bytes();
        let added = (before + bytes).div_ceil(WRITE_UNIT_BYTES) - before.div_ceil(WRITE_UNIT_BYTES);
        (commits >= every || commits >= frequent * added).then_some(snapshot)
    }
}

fn count(commits: u32) -> usize {
    usize::try_from(commits).unwrap_or(usize::MAX)
}

impl<A: Aggregate> Past<A> {
    pub(crate) async fn load(
        store: &dyn EventStore,
        stream: &StreamId,
        at: Version,
    ) -> Result<Self, LoadError> {
        let tail = Tail::<A>::read(store, stream, Some(at)).await?;
        let (_, (state, version)) = tail.fold(Some(at))?;
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
    snapshot: Option<(A::State, Version)>,
    /// The commits that it remembers, newest first.
    remembered: Vec<Remembered>,
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
        let mut tail = Self {
            newest_first: Vec::new(),
            commits_to_fold: 0,
            snapshot: None,
            remembered: Vec::new(),
        };
        let first = COMMITS_PER_FIRST_READ.min(A::SNAPSHOT_EVERY);
        // An expensive snapshot is further down. Where that read finds none that fits, none further down may fit. The next
        // commit will carry one.
        let rest = (A::SNAPSHOT_EVERY - first).min(COMMITS_PER_LONG_READ);
        let rest = Some(rest).filter(|rest| *rest > 0);
        let mut page_sizes = [first].into_iter().chain(rest);
        loop {
            let page_size = page_sizes.next().unwrap_or(COMMITS_PER_LONG_READ);
            let page = store.read(stream, from, page_size).await?;
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
                if let Some(state) = state {
                    self.snapshot = Some((state, snapshot.version));
                    self.remembered = remembered(commit.ordinal(), &snapshot.keys);
                }
            }
            if self.snapshot.is_none() {
                self.commits_to_fold += 1;
            }
        }
        self.newest_first.push(commit);
        Ok(())
    }

    /// The remembered commits that were not read.
    fn behind(&self) -> Vec<Remembered> {
        let oldest = self.newest_first.last().map(Commit::ordinal);
        let is_behind = |it: &&Remembered| oldest.is_none_or(|oldest| it.ordinal < oldest);
        self.remembered.iter().filter(is_behind).cloned().collect()
    }

    /// The commits that were read, the state, and its last version.
    fn fold(self, at: Option<Version>) -> Result<Folded<A>, LoadError> {
        let (mut state, mut last) = match self.snapshot {
            Some((state, version)) => (state, Some(version)),
            None => (A::State::default(), None),
        };
        for commit in self.newest_first.iter().take(self.commits_to_fold).rev() {
            let versions =
                std::iter::successors(Some(commit.first_version()), |it| Some(it.plus(1)));
            for (event, version) in commit.events().iter().zip(versions) {
                if at.is_some_and(|at| version > at) {
                    return Ok((self.newest_first, (state, last)));
                }
                let events =
                    A::Event::decode(&event.event_type, event.schema_version, &event.payload);
                let events = events.map_err(|cause| LoadError::Schema {
                    stream: commit.stream().clone(),
                    version,
                    cause,
                })?;
                state = A::fold(state, &events);
                last = Some(version);
            }
        }
        Ok((self.newest_first, (state, last)))
    }
}

type Folded<A> = (Vec<Commit>, (<A as Decider>::State, Option<Version>));

/// The places of tags: those of the commits before the one with the snapshot, without a gap.
fn remembered(snapshot_at: Ordinal, tags: &[KeyTag]) -> Vec<Remembered> {
    let ordinals = std::iter::successors(snapshot_at.previous(), |ordinal| ordinal.previous());
    ordinals.zip(tags).map(|(ordinal, tag)| Remembered { ordinal, tag: tag.clone() }).collect()
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
