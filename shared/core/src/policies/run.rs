//! Feeds inputs to a process and issues its effects. See the module documentation for the scheme.

use std::marker::PhantomData;

use async_trait::async_trait;

use super::{DueProcess, Effect, NotUnderstood, Policy, effect::failed};
use crate::{
    CommandError, CommandKey, Context, Engine, Envelope, Expect, Fingerprint, Ports, ReadError,
    batch::Outcome, read_events::read_event,
};

/// Effects that one delivery issues. A process that wants more goes on at the next delivery.
pub const EFFECTS_PER_INPUT_MAX: usize = 16;

/// Issues an effect, and returns the input that its end is.
#[async_trait]
pub(crate) trait Issue<P: Policy>: Send + Sync {
    async fn issue(
        &self,
        effect: &Effect<P>,
        engine: &Engine,
        context: &Context,
    ) -> Result<P::Command, Outcome>;
}

/// Issues effects for real.
pub(super) struct ByEngine;

#[async_trait]
impl<P: Policy> Issue<P> for ByEngine {
    async fn issue(
        &self,
        effect: &Effect<P>,
        engine: &Engine,
        context: &Context,
    ) -> Result<P::Command, Outcome> {
        effect.issue(engine, context).await
    }
}

/// One delivery.
pub(crate) struct Run<'a, P, I> {
    ports: &'a Ports,
    engine: Engine,
    issuer: &'a I,
    policy: PhantomData<fn() -> P>,
}

/// What caused the commands of a delivery.
struct Trigger {
    correlation_id: String,
    causation_id: String,
    traceparent: Option<String>,
}

/// A process after an input.
struct Fed<S> {
    state: S,
    outcome: Outcome,
}

impl<'a, P: Policy, I: Issue<P>> Run<'a, P, I> {
    pub(crate) fn new(ports: &'a Ports, issuer: &'a I) -> Self {
        let engine = Engine::new(ports.store.clone(), ports.host.clone());
        Self { ports, engine, issuer, policy: PhantomData }
    }

    /// Feeds an event, and issues effects.
    pub(crate) async fn event(&self, policy: &P, hint: &Envelope) -> Outcome {
        self.try_event(policy, hint).await.unwrap_or_else(|outcome| outcome)
    }

    /// Tells a process that its deadline is due, and issues effects.
    pub(crate) async fn deadline(&self, due: &DueProcess) -> Outcome {
        self.try_deadline(due).await.unwrap_or_else(|outcome| outcome)
    }

    async fn try_event(&self, policy: &P, hint: &Envelope) -> Result<Outcome, Outcome> {
        let event = self.stored(hint).await?;
        let Some((id, input)) = policy.react(&event).map_err(|error| not_understood(&error))?
        else {
            return Ok(Outcome::Skipped);
        };
        let trigger = Trigger {
            correlation_id: event.metadata.correlation_id.clone(),
            causation_id: event.event_id.to_string(),
            traceparent: event.metadata.traceparent.clone(),
        };
        let stream = hint.stream().map_err(|cause| Outcome::Parked(cause.to_string()))?.key();
        let key = key::<P>("input", &[&id.to_string(), &stream, &event.version.to_string()])?;
        let fed = self.feed(&id, input, key, &trigger, Expect::Anything).await?;
        self.issue_all(&id, fed, &trigger).await
    }

    async fn try_deadline(&self, due: &DueProcess) -> Result<Outcome, Outcome> {
        let id = P::id_of(&due.process).map_err(Outcome::Parked)?;
        let loaded = self.engine.load::<P>(&id).await;
        let loaded = loaded.map_err(|error| failed(&CommandError::<()>::from(error)))?;
        let at = P::deadline(&loaded.state).filter(|it| it.at <= self.ports.host.now());
        let name = format!("{}/{}/{}", P::TYPE, due.process, due.due_at);
        let trigger = Trigger {
            correlation_id: Fingerprint::of(&["deadline", &name]).as_str().to_owned(),
            causation_id: format!("deadline {}", due.due_at),
            traceparent: None,
        };
        let fed = match (at, loaded.head.version()) {
            (Some(deadline), Some(version)) => {
                let at = deadline.at.to_string();
                let key = key::<P>("deadline", &[&due.process, &at])?;
                // Only on the state whose deadline this is: an input may have come between.
                let expect = Expect::Version(version);
                self.feed(&id, deadline.input, key, &trigger, expect).await?
            }
            // Early, cancelled or handled. Its effects may still be missing.
            (Some(_) | None, _) => Fed { state: loaded.state, outcome: Outcome::Skipped },
        };
        self.issue_all(&id, fed, &trigger).await
    }

    /// The event as it is stored.
    async fn stored(&self, hint: &Envelope) -> Result<Envelope, Outcome> {
        let stream = hint.stream().map_err(|cause| Outcome::Parked(cause.to_string()))?;
        match read_event(&*self.ports.store, &stream, hint.version).await {
            Ok(Some(event)) => Ok(event),
            Ok(None) => {
                Err(Outcome::Retry(format!("version {} is not in the store", hint.version)))
            }
            Err(error @ (ReadError::Unavailable(_) | ReadError::Broken(_))) => {
                Err(Outcome::Retry(error.to_string()))
            }
            Err(error @ ReadError::Corrupt(_)) => Err(Outcome::Parked(error.to_string())),
        }
    }

    /// Feeds an input, once for each key.
    async fn feed(
        &self,
        id: &P::Id,
        input: P::Command,
        key: CommandKey,
        trigger: &Trigger,
        expect: Expect,
    ) -> Result<Fed<P::State>, Outcome> {
        let context = self.context(key, trigger);
        match self.engine.execute::<P>(id, input, &context, expect).await {
            Ok(answer) if !answer.replayed => {
                let outcome = if answer.recorded { Outcome::Applied } else { Outcome::Skipped };
                Ok(Fed { state: answer.state, outcome })
            }
            // The answer to a repeated input holds the state of that time. And it need not be the same input: a
            // deployment may have changed what is made of the event, and two attempts at an effect may end differently.
            Ok(_) | Err(CommandError::KeyReused) => {
                let loaded = self.engine.load::<P>(id).await;
                let loaded = loaded.map_err(|error| failed(&CommandError::<()>::from(error)))?;
                Ok(Fed { state: loaded.state, outcome: Outcome::Duplicate })
            }
            Err(error) => Err(failed(&error)),
        }
    }

    /// Issues the effects of a process until it wants none.
    async fn issue_all(
        &self,
        id: &P::Id,
        mut fed: Fed<P::State>,
        trigger: &Trigger,
    ) -> Result<Outcome, Outcome> {
        let mut ended = None;
        for _ in 0..EFFECTS_PER_INPUT_MAX {
            let Some(effect) = P::effect(id, &fed.state) else {
                return Ok(fed.outcome);
            };
            let step = effect.step();
            if ended == Some(step) {
                let what = format!("step {step} has ended, and the process wants it again");
                return Err(Outcome::Parked(what));
            }
            let names = [id.to_string(), step.to_string()];
            let names = [&*names[0], &*names[1]];
            let context = self.context(key::<P>("effect", &names)?, trigger);
            let input = self.issuer.issue(&effect, &self.engine, &context).await?;
            let key = key::<P>("ended", &names)?;
            let state = self.feed(id, input, key, trigger, Expect::Anything).await?.state;
            fed = Fed { state, outcome: Outcome::Applied };
            ended = Some(step);
        }
        if P::effect(id, &fed.state).is_none() {
            return Ok(fed.outcome);
        }
        Err(Outcome::Retry(format!("the process wants more than {EFFECTS_PER_INPUT_MAX} effects")))
    }

    fn context(&self, key: CommandKey, trigger: &Trigger) -> Context {
        Context {
            at: self.ports.host.now(),
            key,
            actor: format!("policy:{}", P::NAME),
            correlation_id: trigger.correlation_id.clone(),
            causation_id: Some(trigger.causation_id.clone()),
            traceparent: trigger.traceparent.clone(),
        }
    }
}

/// A command key that derives from these names. A digest, because an id may have characters that a key must not have.
fn key<P: Policy>(kind: &str, names: &[&str]) -> Result<CommandKey, Outcome> {
    let all: Vec<&str> = [kind, P::TYPE].iter().chain(names).copied().collect();
    let key = format!("{kind}-{}", Fingerprint::of(&all).as_str());
    CommandKey::try_from(key).map_err(|cause| Outcome::Parked(cause.to_string()))
}

fn not_understood(error: &NotUnderstood) -> Outcome {
    let reason = error.to_string();
    if error.is_of_newer_code() { Outcome::Retry(reason) } else { Outcome::Parked(reason) }
}
