//! The policy `__Name__`: say here what it does. As an example, it renames what was created, once.

use std::convert::Infallible;

use dekigoto::{
    Aggregate, Decider, Envelope, event_schema,
    policies::{Effect, Ended, Policy, Reaction, same_id},
};
use serde::{Deserialize, Serialize};

use crate::__module__::{Command, Event, Refusal, __Aggregate__, Titled};

/// An input of a process: what happened. Each aggregate has a process, with the same id.
#[derive(Clone, Debug, Serialize)]
pub enum Input {
    Created(Titled),
    /// The command was done or refused.
    Ended,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Requested(Titled),
    Ended(Nothing),
}
event_schema! { Step { Requested as "__Name__Requested": 1, Ended as "__Name__Ended": 1 } }

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nothing {}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum State {
    #[default]
    Idle,
    Requesting(Titled),
    Ended,
}

pub struct __Name__;

impl Decider for __Name__ {
    type Command = Input;
    type Event = Step;
    type State = State;
    type Refusal = Infallible; // A process records what happened. It cannot refuse it.

    fn decide(state: &State, input: Input) -> Result<Vec<Step>, Infallible> {
        Ok(match (state, input) {
            (State::Idle, Input::Created(it)) => vec![Step::Requested(it)],
            (State::Requesting(_), Input::Ended) => vec![Step::Ended(Nothing {})],
            (_, Input::Created(_) | Input::Ended) => vec![],
        })
    }
    fn evolve(_: State, event: &Step) -> State {
        match event {
            Step::Requested(it) => State::Requesting(it.clone()),
            Step::Ended(_) => State::Ended,
        }
    }
}

impl Aggregate for __Name__ {
    type Id = <__Aggregate__ as Aggregate>::Id;
    const TYPE: &'static str = "__Name__";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

impl Policy for __Name__ {
    const NAME: &'static str = "__Name__";
    const EVENTS: &'static [&'static str] = &["__Aggregate__Created"]; // As in template.yaml.

    fn react(&self, event: &Envelope) -> Reaction<Self> {
        let created = event.decode::<Event>()?.into_iter().find_map(|it| match it {
            Event::Created(it) => Some(Input::Created(it)),
            Event::Renamed(_) => None,
        });
        created.map(|it| Ok((same_id::<Self>(event)?, it))).transpose()
    }

    fn effect(id: &Self::Id, state: &State) -> Option<Effect<Self>> {
        let State::Requesting(Titled { title }) = state else { return None };
        let rename = Command::Rename { title: format!("{title} (checked)") };
        Some(Effect::command::<__Aggregate__>(1, *id, rename, |_: Ended<Refusal>| Input::Ended))
    }
}

#[cfg(test)]
mod tests {
    use dekigoto::{policies::Commanded, spec::{Happened, commanded, given_policy, happened}};

    use super::*;

    const ID: &str = "0198c1f2-7a3b-5c4d-8e5f-60718293a4b5";

    fn created() -> Happened {
        happened::<__Aggregate__>(ID, Event::Created(Titled { title: "a".to_owned() }))
    }
    fn rename() -> Commanded {
        let title = "a (checked)".to_owned();
        commanded::<__Aggregate__>(ID.parse().unwrap(), Command::Rename { title })
    }

    #[test]
    fn what_is_created_is_renamed_once_in_any_delivery() {
        let reacting = given_policy(__Name__, []).reacting_to(created());
        let given = reacting.delivered_twice().shuffled().then_commands([rename()]);
        given.reacting_to(created()).then_nothing();
    }

    #[test]
    fn a_refused_command_ends_the_process() {
        let refused = given_policy(__Name__, []).reacting_to(created()).refused::<__Aggregate__>(Refusal::NotFound);
        let given = refused.delivered_twice().then_commands([rename()]);
        let _ = given.then_state(ID.parse().unwrap(), State::Ended);
    }
}
