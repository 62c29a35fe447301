//! Policies as trait objects, for registries and process managers.

use async_trait::async_trait;

use super::{DueProcess, NotUnderstood, Policy, Run, run::ByEngine};
use crate::{Envelope, Ports, batch::Outcome};

/// Any policy, whatever its process. Every [`Policy`] is one.
#[async_trait]
pub trait AnyPolicy: Send + Sync {
    /// The policy's name.
    fn name(&self) -> &'static str;

    /// The type of its processes.
    fn process_type(&self) -> &'static str;

    /// The events that it reacts to.
    fn events(&self) -> &'static [&'static str];

    /// The process that an event concerns; `None` if there is none.
    ///
    /// # Errors
    /// [`NotUnderstood`] when this code does not understand the event.
    fn process_of(&self, event: &Envelope) -> Result<Option<String>, NotUnderstood>;

    /// Feeds an event to its process, and issues the effects of the process until it wants none.
    async fn on_event(&self, ports: &Ports, event: &Envelope) -> Outcome;

    /// Tells a process that its deadline is due, and issues its effects.
    async fn on_deadline(&self, ports: &Ports, due: &DueProcess) -> Outcome;
}

#[async_trait]
impl<P: Policy> AnyPolicy for P {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn process_type(&self) -> &'static str {
        P::TYPE
    }

    fn events(&self) -> &'static [&'static str] {
        P::EVENTS
    }

    fn process_of(&self, event: &Envelope) -> Result<Option<String>, NotUnderstood> {
        if !P::EVENTS.contains(&event.event_type.as_str()) {
            return Ok(None);
        }
        Ok(self.react(event)?.map(|(id, _)| id.to_string()))
    }

    async fn on_event(&self, ports: &Ports, event: &Envelope) -> Outcome {
        Run::new(ports, &ByEngine).event(self, event).await
    }

    async fn on_deadline(&self, ports: &Ports, due: &DueProcess) -> Outcome {
        Run::<P, _>::new(ports, &ByEngine).deadline(due).await
    }
}

/// No policy has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no policy is called {name:?}; there are {}", known.join(", "))]
pub struct UnknownPolicy {
    /// The unknown name.
    pub name: String,
    /// The names of all policies.
    pub known: Vec<&'static str>,
}
