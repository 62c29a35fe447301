//! The aggregate `__Name__`: it is created with a title and can be renamed.

use dekigoto::{Aggregate, Decider, event_schema};
use serde::{Deserialize, Serialize};

/// The commands.
#[derive(Clone, Debug, Serialize)]
pub enum Command {
    /// Creates it with a title.
    Create(Titled),
    /// Changes the title.
    Rename(Titled),
}

/// The events. The names in quotes are the storage format and never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was created.
    Created(Titled),
    /// Its title changed.
    Renamed(Titled),
}

event_schema! {
    Event {
        Created as "__Name__Created": 1,
        Renamed as "__Name__Renamed": 1,
    }
}

/// A title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Titled {
    /// The text.
    pub title: String,
}

/// The reason why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It exists already.
    AlreadyCreated,
    /// It does not exist.
    NotFound,
}

/// The aggregate.
#[derive(Clone, Copy, Debug)]
pub struct __Name__;

impl Decider for __Name__ {
    type Command = Command;
    type Event = Event;
    /// The title; `None` before it is created.
    type State = Option<String>;
    type Refusal = Refusal;

    fn decide(title: &Option<String>, command: Command) -> Result<Vec<Event>, Refusal> {
        match (title, command) {
            (None, Command::Create(titled)) => Ok(vec![Event::Created(titled)]),
            (Some(_), Command::Create(_)) => Err(Refusal::AlreadyCreated),
            (None, Command::Rename(_)) => Err(Refusal::NotFound),
            (Some(_), Command::Rename(titled)) => Ok(vec![Event::Renamed(titled)]),
        }
    }

    fn evolve(_: Option<String>, event: &Event) -> Option<String> {
        match event {
            Event::Created(titled) | Event::Renamed(titled) => Some(titled.title.clone()),
        }
    }
}

impl Aggregate for __Name__ {
    type Id = String;

    const TYPE: &'static str = "__Name__";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

#[cfg(test)]
mod tests {
    use dekigoto::spec::given;

    use super::*;

    #[test]
    fn only_an_existing_aggregate_can_be_renamed() {
        let titled = |title: &str| Titled { title: title.to_owned() };
        given::<__Name__>([]).when(Command::Rename(titled("b"))).then_refused(Refusal::NotFound);
        given::<__Name__>([Event::Created(titled("a"))])
            .when(Command::Rename(titled("b")))
            .then([Event::Renamed(titled("b"))]);
    }
}
