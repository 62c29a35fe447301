//! The aggregate `__Name__`: it is created with a title and can be renamed.

pub mod routes;

use dekigoto::{Aggregate, Decider, event_schema};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize)]
pub enum Command {
    Create { title: String },
    Rename { title: String },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Created(Titled),
    Renamed(Titled),
}
// The names in quotes are the storage format and never change.
event_schema! { Event { Created as "__Name__Created": 1, Renamed as "__Name__Renamed": 1 } }

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Titled {
    pub title: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    AlreadyCreated,
    NotFound,
}

pub struct __Name__;

impl Decider for __Name__ {
    type Command = Command;
    type Event = Event;
    type State = Option<String>; // The title; `None` before it is created.
    type Refusal = Refusal;

    fn decide(title: &Option<String>, command: Command) -> Result<Vec<Event>, Refusal> {
        match (title, command) {
            (None, Command::Create { title }) => Ok(vec![Event::Created(Titled { title })]),
            (Some(_), Command::Create { .. }) => Err(Refusal::AlreadyCreated),
            (None, Command::Rename { .. }) => Err(Refusal::NotFound),
            (Some(now), Command::Rename { title }) if *now == title => Ok(vec![]),
            (Some(_), Command::Rename { title }) => Ok(vec![Event::Renamed(Titled { title })]),
        }
    }
    fn evolve(_: Option<String>, event: &Event) -> Option<String> {
        match event {
            Event::Created(it) | Event::Renamed(it) => Some(it.title.clone()),
        }
    }
}

impl Aggregate for __Name__ {
    type Id = uuid::Uuid;
    const TYPE: &'static str = "__Name__";
    const SNAPSHOT_SCHEMA: u32 = 1;
}
