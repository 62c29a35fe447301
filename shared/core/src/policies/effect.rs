//! Effects: the commands that processes want to be issued.

use std::{any::Any, fmt};

use async_trait::async_trait;

use super::Policy;
use crate::{
    Aggregate, CommandError, Context, Engine, Expect, Fingerprint, Version, batch::Outcome,
};

/// A command on another aggregate that a process wants to be issued.
pub struct Effect<P: Policy> {
    step: u64,
    expect: Expect,
    command: Box<dyn AnyCommand<P>>,
}

/// How an effect ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended<R> {
    /// The command was carried out, now or by an earlier attempt, or there was nothing to do.
    Done,
    /// The aggregate refused the command.
    Refused(R),
    /// The aggregate's stream is not at the [expected version](Effect::at_version).
    Moved,
}

impl<P: Policy> Effect<P> {
    /// A command on the aggregate `A`. Its end is fed to the process as the input that `ended` makes of it.
    ///
    /// A process numbers its steps, and uses no number twice. Two effects with one number are one effect.
    #[must_use]
    pub fn command<A: Aggregate>(
        step: u64,
        id: A::Id,
        command: A::Command,
        ended: fn(Ended<A::Refusal>) -> P::Command,
    ) -> Self {
        let command = Box::new(CommandTo::<A, P> { id, command, ended });
        Self { step, expect: Expect::Anything, command }
    }

    /// The command is carried out only if the newest event of the stream has this version. Otherwise the effect ends as
    /// [`Moved`](Ended::Moved).
    #[must_use]
    pub fn at_version(self, version: Version) -> Self {
        Self { expect: Expect::Version(version), ..self }
    }

    /// The number of the step.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Issues the command. Returns the input that its end is.
    pub(crate) async fn issue(
        &self,
        engine: &Engine,
        context: &Context,
    ) -> Result<P::Command, Outcome> {
        self.command.issue(engine, context, self.expect).await
    }

    /// The type and id of the aggregate, and the command's fingerprint and JSON. For specs.
    pub(crate) fn commanded(&self) -> Result<Commanded, String> {
        self.command.commanded()
    }

    /// The input after the command was carried out. For specs.
    pub(crate) fn done(&self) -> P::Command {
        self.command.done()
    }

    /// The input after this refusal, or `None` if the aggregate has other refusals. For specs.
    pub(crate) fn refused(&self, refusal: &dyn Any) -> Option<P::Command> {
        self.command.refused(refusal)
    }
}

/// A command to an aggregate, for comparisons. Made by [`commanded`](crate::spec::commanded).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Commanded {
    pub(crate) stream: String,
    pub(crate) json: String,
    /// Two commands may have the same JSON, but not the same fingerprint.
    pub(crate) fingerprint: Fingerprint,
}

impl Commanded {
    pub(crate) fn of<A: Aggregate>(id: &A::Id, command: &A::Command) -> Result<Self, String> {
        let stream = A::stream(id).map_err(|cause| cause.to_string())?.key();
        let json = serde_json::to_string(command).map_err(|cause| cause.to_string())?;
        let fingerprint = A::fingerprint(id, command).map_err(|cause| cause.to_string())?;
        Ok(Self { stream, json, fingerprint })
    }
}

impl fmt::Debug for Commanded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.stream, self.json)
    }
}

/// Makes a refusal, for specs.
pub(crate) type Refusing<R> = Box<dyn Fn() -> R + Send + Sync>;

/// An effect's command, whatever its aggregate.
#[async_trait]
trait AnyCommand<P: Policy>: Send + Sync {
    async fn issue(
        &self,
        engine: &Engine,
        context: &Context,
        expect: Expect,
    ) -> Result<P::Command, Outcome>;

    fn commanded(&self) -> Result<Commanded, String>;

    fn done(&self) -> P::Command;

    fn refused(&self, refusal: &dyn Any) -> Option<P::Command>;
}

struct CommandTo<A: Aggregate, P: Policy> {
    id: A::Id,
    command: A::Command,
    ended: fn(Ended<A::Refusal>) -> P::Command,
}

#[async_trait]
impl<A: Aggregate, P: Policy> AnyCommand<P> for CommandTo<A, P> {
    async fn issue(
        &self,
        engine: &Engine,
        context: &Context,
        expect: Expect,
    ) -> Result<P::Command, Outcome> {
        match engine.execute::<A>(&self.id, self.command.clone(), context, expect).await {
            Ok(_) => Ok((self.ended)(Ended::Done)),
            Err(CommandError::Refused(refusal)) => Ok((self.ended)(Ended::Refused(refusal))),
            Err(CommandError::PreconditionFailed { .. }) => Ok((self.ended)(Ended::Moved)),
            Err(error) => Err(failed(&error)),
        }
    }

    fn commanded(&self) -> Result<Commanded, String> {
        Commanded::of::<A>(&self.id, &self.command)
    }

    fn done(&self) -> P::Command {
        (self.ended)(Ended::Done)
    }

    fn refused(&self, refusal: &dyn Any) -> Option<P::Command> {
        let refusal: &Refusing<A::Refusal> = refusal.downcast_ref()?;
        Some((self.ended)(Ended::Refused(refusal())))
    }
}

/// The outcome of a record whose command failed: a retry if it can succeed later, otherwise parked.
pub(super) fn failed<R>(error: &CommandError<R>) -> Outcome {
    match error {
        CommandError::PreconditionFailed { .. } | CommandError::Unmet => {
            Outcome::Retry("the process changed meanwhile".to_owned())
        }
        CommandError::Conflict => {
            Outcome::Retry("other commands on the same stream won every attempt".to_owned())
        }
        // A missing permission or table may be repaired while the message waits.
        CommandError::Unavailable(cause)
        | CommandError::Unknown(cause)
        | CommandError::Broken(cause) => Outcome::Retry(format!("the event store: {cause}")),
        // Another attempt would fail in the same way. A refusal may hold customer data, so it is not shown.
        CommandError::Refused(_) => Outcome::Parked("the command was refused".to_owned()),
        CommandError::KeyReused => Outcome::Parked(
            "the step was used for another command; a process uses no step twice".to_owned(),
        ),
        CommandError::TooLarge(cause) => Outcome::Parked(cause.to_string()),
    }
}
