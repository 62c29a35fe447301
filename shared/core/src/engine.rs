//! Runs commands: load, decide, append, and retry when another writer appended first.

use std::{sync::Arc, time::Duration};

use futures_util::future::try_join;

use crate::{
    Aggregate, AppendError, CommandError, Commit, Context, EventSchema as _, EventStore,
    Fingerprint, History, Host, LoadError, NewEvent, Past, ReadError, StreamId, Trail, Version,
    backoff,
    measure::{COMMAND_ACCEPTED, COMMAND_REFUSED, CONFLICTS, DECISIONS, FIRST_ANSWER_AGAIN},
    trail::log_hop,
};

/// How often and how long an engine retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Decisions per command. Each lost race on the stream costs one.
    pub decisions_max: u32,
    /// Sends per commit, while the store throttles or does not answer.
    pub sends_max: u32,
    /// Time after which no attempt begins. A command takes at most this plus one call of the store.
    pub command_time_max: Duration,
}

/// The default limits of an engine.
pub const LIMITS: Limits =
    Limits { decisions_max: 8, sends_max: 4, command_time_max: Duration::from_secs(8) };

const OUT_OF_TIME: &str = "the command's time was over before its events were sent; send it again";

const RETRY_DELAY_FIRST: Duration = Duration::from_millis(10);
const RETRY_DELAY_MAX: Duration = Duration::from_millis(400);

/// Runs commands against an event store.
#[derive(Clone)]
pub struct Engine {
    store: Arc<dyn EventStore>,
    host: Arc<dyn Host>,
    limits: Limits,
}

/// A precondition on the stream (`If-Match`, `If-None-Match`). A command that was carried out before is answered whatever
/// its precondition says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// No precondition.
    #[default]
    Anything,
    /// The stream exists.
    Exists,
    /// The stream has no events.
    Absent,
    /// The newest event has this version.
    Version(Version),
    /// Something else that the command depends on has changed, as its caller has found.
    Unmet,
}

/// The result of a command.
#[derive(Debug)]
pub struct Answer<A: Aggregate> {
    /// The state after the command.
    pub state: A::State,
    /// The stream's version after the command; `None` while the stream is empty.
    pub version: Option<Version>,
    /// Whether an earlier request carried out the command, so that this repeats its answer.
    pub replayed: bool,
    /// Whether this call recorded events. False for a replay, and when there was nothing to do.
    pub recorded: bool,
}

type Outcome<A> = Result<Answer<A>, CommandError<<A as crate::Decider>::Refusal>>;

impl Engine {
    /// An engine with the default limits.
    #[must_use]
    pub fn new(store: Arc<dyn EventStore>, host: Arc<dyn Host>) -> Self {
        Self { store, host, limits: LIMITS }
    }

    /// Replaces the limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The event store.
    #[must_use]
    pub fn store(&self) -> &dyn EventStore {
        &*self.store
    }

    /// Runs the first command of a new stream. Nothing is loaded, so this is one request.
    ///
    /// When the stream exists after all, this continues as [`execute`](Self::execute).
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn create<A: Aggregate>(
        &self,
        id: &A::Id,
        command: A::Command,
        context: &Context,
    ) -> Outcome<A> {
        let started = self.host.monotonic();
        let request = request_of::<A>(id, &command)?;
        let nothing = History::<A>::empty(A::stream(id)?);
        let events = decide::<A>(&nothing.state, command.clone())?;
        if events.is_empty() {
            let state = nothing.state;
            return Ok(Answer { state, version: None, replayed: false, recorded: false });
        }
        match self.commit(id, nothing, &events, context, request, started).await? {
            Committed::Won(answer) => Ok(answer),
            Committed::Lost => {
                self.execute_since(started, None, id, command, context, Expect::Anything).await
            }
        }
    }

    /// Runs a command on a stream: load, decide, append, and retry when another writer appended first.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn execute<A: Aggregate>(
        &self,
        id: &A::Id,
        command: A::Command,
        context: &Context,
        expect: Expect,
    ) -> Outcome<A> {
        self.execute_since(self.host.monotonic(), None, id, command, context, expect).await
    }

    /// As [`execute`](Self::execute), on a stream that has just been loaded, beside other streams perhaps. If another writer
    /// has appended since, it is loaded again.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn execute_on<A: Aggregate>(
        &self,
        loaded: History<A>,
        id: &A::Id,
        command: A::Command,
        context: &Context,
        expect: Expect,
    ) -> Outcome<A> {
        let started = self.host.monotonic();
        self.execute_since(started, Some(loaded), id, command, context, expect).await
    }

    /// As [`execute`](Self::execute), for a command that has been under way since `started`.
    async fn execute_since<A: Aggregate>(
        &self,
        started: Duration,
        mut loaded: Option<History<A>>,
        id: &A::Id,
        command: A::Command,
        context: &Context,
        expect: Expect,
    ) -> Outcome<A> {
        let request = request_of::<A>(id, &command)?;
        for attempt in 0..self.limits.decisions_max {
            let history = match loaded.take() {
                Some(history) => history,
                None => self.load::<A>(id).await?,
            };
            let known = history.known(&*self.store, context).await;
            if let Some(known) = known.map_err(LoadError::Read)? {
                if known.fingerprint != request {
                    return Err(CommandError::KeyReused);
                }
                return self.first_answer::<A>(id, known.version).await;
            }
            expect.check(history.head.version())?;
            let events = decide::<A>(&history.state, command.clone())?;
            if events.is_empty() {
                let version = history.head.version();
                let state = history.state;
                return Ok(Answer { state, version, replayed: false, recorded: false });
            }
            if self.is_late(started) {
                return Err(CommandError::Unavailable(OUT_OF_TIME.into()));
            }
            match self.commit(id, history, &events, context, request.clone(), started).await? {
                Committed::Won(answer) => return Ok(answer),
                Committed::Lost if self.is_late(started) => break,
                Committed::Lost => self.pause(attempt).await,
            }
        }
        Err(CommandError::Conflict)
    }

    /// Loads the current state of an aggregate.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn load<A: Aggregate>(&self, id: &A::Id) -> Result<History<A>, LoadError> {
        History::load(&*self.store, stream_of::<A>(id)?).await
    }

    /// Loads two aggregates side by side.
    ///
    /// # Errors
    /// [`LoadError`] of either.
    pub async fn load_two<A: Aggregate, B: Aggregate>(
        &self,
        first: &A::Id,
        second: &B::Id,
    ) -> Result<(History<A>, History<B>), LoadError> {
        try_join(self.load::<A>(first), self.load::<B>(second)).await
    }

    /// Loads the state of an aggregate as of a version of its stream.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn load_at<A: Aggregate>(
        &self,
        id: &A::Id,
        version: Version,
    ) -> Result<Past<A>, LoadError> {
        Past::load(&*self.store, &stream_of::<A>(id)?, version).await
    }

    async fn first_answer<A: Aggregate>(&self, id: &A::Id, version: Version) -> Outcome<A> {
        let past = self.load_at::<A>(id, version).await?;
        FIRST_ANSWER_AGAIN.record(1);
        let Past { state, version, .. } = past;
        Ok(Answer { state, version, replayed: true, recorded: false })
    }

    async fn commit<A: Aggregate>(
        &self,
        id: &A::Id,
        history: History<A>,
        events: &[A::Event],
        context: &Context,
        request: Fingerprint,
        started: Duration,
    ) -> Result<Committed<A>, CommandError<A::Refusal>> {
        let encoded: Result<Vec<NewEvent>, _> = events.iter().map(A::Event::encode).collect();
        let encoded = encoded.map_err(|cause| CommandError::Broken(cause.into()))?;
        let commit = Commit::after(&history.head, encoded, context.clone(), request)?;
        let state = A::fold(history.state.clone(), events);
        let snapshot = history.snapshot_due(&state, &commit);
        let commit = commit.with_snapshot(snapshot);
        let version = Some(commit.last_version());
        let Some(found) = self.send(&commit, started).await? else {
            COMMAND_ACCEPTED.record(1);
            log_hop!(Commit, &Trail::of_commit(&commit), "Committed");
            let answer = Answer { state, version, replayed: false, recorded: true };
            return Ok(Committed::Won(answer));
        };
        if found.context().identity() != context.identity() {
            CONFLICTS.record(1);
            return Ok(Committed::Lost);
        }
        if found.fingerprint() != commit.fingerprint() {
            return Err(CommandError::KeyReused);
        }
        // A duplicate of this command won the race. Repeat its answer.
        self.first_answer(id, found.last_version()).await.map(Committed::Won)
    }

    /// Sends a commit until it is stored (`None`) or another commit has its place (`Some`).
    ///
    /// Sending it again is always safe: its place is fixed, so it is stored there or nowhere. The commit that is found
    /// there settles whether an unanswered attempt succeeded.
    async fn send<R>(
        &self,
        commit: &Commit,
        started: Duration,
    ) -> Result<Option<Box<Commit>>, CommandError<R>> {
        let mut in_doubt = false;
        let mut attempt = 0;
        loop {
            let error = match self.store.append(commit).await {
                Ok(()) => return Ok(None),
                Err(AppendError::Conflict { found }) if found.is_same_append(commit) => {
                    return Ok(None);
                }
                Err(AppendError::Conflict { found }) => return Ok(Some(found)),
                // An earlier attempt may have succeeded.
                Err(AppendError::Broken(cause) | AppendError::TooLarge(cause)) if in_doubt => {
                    return Err(CommandError::Unknown(cause));
                }
                Err(AppendError::Broken(cause) | AppendError::TooLarge(cause)) => {
                    return Err(CommandError::Broken(cause));
                }
                Err(AppendError::Throttled(cause)) => cause,
                Err(AppendError::Unknown(cause)) => {
                    in_doubt = true;
                    cause
                }
            };
            attempt += 1;
            if attempt == self.limits.sends_max || self.is_late(started) {
                return Err(if in_doubt {
                    CommandError::Unknown(error)
                } else {
                    CommandError::Unavailable(error)
                });
            }
            self.pause(attempt).await;
        }
    }

    fn is_late(&self, started: Duration) -> bool {
        self.host.monotonic().saturating_sub(started) > self.limits.command_time_max
    }

    async fn pause(&self, attempt: u32) {
        let random = self.host.random();
        self.host.sleep(backoff(attempt, RETRY_DELAY_FIRST, RETRY_DELAY_MAX, random)).await;
    }
}

enum Committed<A: Aggregate> {
    Won(Answer<A>),
    Lost,
}

impl Expect {
    fn check<R>(self, actual: Option<Version>) -> Result<(), CommandError<R>> {
        let holds = match self {
            Self::Anything => true,
            Self::Exists => actual.is_some(),
            Self::Absent => actual.is_none(),
            Self::Version(version) => actual == Some(version),
            Self::Unmet => return Err(CommandError::Unmet),
        };
        if holds { Ok(()) } else { Err(CommandError::PreconditionFailed { actual }) }
    }
}

fn decide<A: Aggregate>(
    state: &A::State,
    command: A::Command,
) -> Result<Vec<A::Event>, CommandError<A::Refusal>> {
    DECISIONS.record(1);
    A::decide(state, command).map_err(|refusal| {
        COMMAND_REFUSED.record(1);
        CommandError::Refused(refusal)
    })
}

fn stream_of<A: Aggregate>(id: &A::Id) -> Result<StreamId, LoadError> {
    A::stream(id).map_err(|cause| LoadError::Read(ReadError::Broken(cause.into())))
}

fn request_of<A: Aggregate>(
    id: &A::Id,
    command: &A::Command,
) -> Result<Fingerprint, CommandError<A::Refusal>> {
    A::fingerprint(id, command).map_err(|cause| CommandError::Broken(cause.into()))
}
