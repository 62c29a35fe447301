//! A policy with a deadline, for tests: a task that stays open is closed after an hour.

use std::convert::Infallible;

use dekigoto::{
    Aggregate, Decider, Envelope, Timestamp, Version, event_schema,
    policies::{Deadline, Effect, Ended, Policy, Reaction, same_id},
};
use serde::{Deserialize, Serialize};

pub(crate) const HOUR_MS: i64 = 3_600_000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct By {
    pub(crate) by: String,
}

/// A task: opened once, closed once.
pub(crate) struct Task;

#[derive(Clone, Debug, Serialize)]
pub(crate) enum TaskCommand {
    Open,
    Close(By),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TaskEvent {
    Opened(By),
    Closed(By),
}

event_schema! { TaskEvent { Opened as "TaskOpened": 1, Closed as "TaskClosed": 1 } }

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum TaskState {
    #[default]
    Absent,
    Open,
    Closed,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NotOpen;

impl Decider for Task {
    type Command = TaskCommand;
    type Event = TaskEvent;
    type State = TaskState;
    type Refusal = NotOpen;

    fn decide(state: &TaskState, command: TaskCommand) -> Result<Vec<TaskEvent>, NotOpen> {
        match (state, command) {
            (TaskState::Absent, TaskCommand::Open) => {
                Ok(vec![TaskEvent::Opened(By { by: "test".into() })])
            }
            (TaskState::Open, TaskCommand::Close(by)) => Ok(vec![TaskEvent::Closed(by)]),
            (TaskState::Absent | TaskState::Open | TaskState::Closed, _) => Err(NotOpen),
        }
    }

    fn evolve(_: TaskState, event: &TaskEvent) -> TaskState {
        match event {
            TaskEvent::Opened(_) => TaskState::Open,
            TaskEvent::Closed(_) => TaskState::Closed,
        }
    }
}

impl Aggregate for Task {
    type Id = String;

    const TYPE: &'static str = "Task";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

/// Closes a task that is still open after some hours. `STRICT` closes it only if nothing happened to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closing<const STRICT: bool = false> {
    pub(crate) hours: i64,
}

pub(crate) fn closing() -> Closing {
    Closing { hours: 1 }
}

pub(crate) fn strict() -> Closing<true> {
    Closing { hours: 1 }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) enum Input {
    Opened { until: Timestamp },
    Closed,
    HourOver,
    Ended(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ClosingEvent {
    Started(Started),
    Stopped(Nothing),
    HourOver(Nothing),
    Finished(Finished),
}

event_schema! {
    ClosingEvent {
        Started as "ClosingStarted": 1,
        Stopped as "ClosingStopped": 1,
        HourOver as "ClosingHourOver": 1,
        Finished as "ClosingFinished": 1,
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Started {
    pub(crate) until: Timestamp,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finished {
    pub(crate) how: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Nothing {}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum ClosingState {
    #[default]
    Absent,
    Waiting(Timestamp),
    Closing,
    Ended(String),
}

impl<const STRICT: bool> Decider for Closing<STRICT> {
    type Command = Input;
    type Event = ClosingEvent;
    type State = ClosingState;
    type Refusal = Infallible;

    fn decide(state: &ClosingState, input: Input) -> Result<Vec<ClosingEvent>, Infallible> {
        use ClosingState::{Absent, Closing, Waiting};
        Ok(match (state, input) {
            (Absent, Input::Opened { until }) => vec![ClosingEvent::Started(Started { until })],
            (Absent | Waiting(_), Input::Closed) => vec![ClosingEvent::Stopped(Nothing {})],
            (Waiting(_), Input::HourOver) => vec![ClosingEvent::HourOver(Nothing {})],
            (Closing, Input::Ended(how)) => vec![ClosingEvent::Finished(Finished { how })],
            (_, Input::Opened { .. } | Input::Closed | Input::HourOver | Input::Ended(_)) => vec![],
        })
    }

    fn evolve(_: ClosingState, event: &ClosingEvent) -> ClosingState {
        match event {
            ClosingEvent::Started(started) => ClosingState::Waiting(started.until),
            ClosingEvent::Stopped(_) => ClosingState::Ended("stopped".into()),
            ClosingEvent::HourOver(_) => ClosingState::Closing,
            ClosingEvent::Finished(finished) => ClosingState::Ended(finished.how.clone()),
        }
    }
}

impl<const STRICT: bool> Aggregate for Closing<STRICT> {
    type Id = String;

    const TYPE: &'static str = if STRICT { "StrictClosing" } else { "Closing" };
    const SNAPSHOT_SCHEMA: u32 = 1;
}

impl<const STRICT: bool> Policy for Closing<STRICT> {
    const NAME: &'static str = if STRICT { "strict-closing" } else { "closing" };
    const EVENTS: &'static [&'static str] = &["TaskOpened", "TaskClosed"];

    fn react(&self, event: &Envelope) -> Reaction<Self> {
        let id = same_id::<Self>(event)?;
        let until = event.occurred_at.as_millis() + self.hours * HOUR_MS;
        let until = Timestamp::from_millis(until).unwrap();
        let input = event.decode::<TaskEvent>()?.pop().map(|it| match it {
            TaskEvent::Opened(_) => Input::Opened { until },
            TaskEvent::Closed(_) => Input::Closed,
        });
        Ok(input.map(|input| (id, input)))
    }

    fn effect(task: &String, state: &ClosingState) -> Option<Effect<Self>> {
        let ClosingState::Closing = state else { return None };
        let ended = |it: Ended<NotOpen>| match it {
            Ended::Done => Input::Ended("closed".into()),
            Ended::Refused(NotOpen) => Input::Ended("refused".into()),
            Ended::Moved => Input::Ended("moved".into()),
        };
        let close = TaskCommand::Close(By { by: Self::NAME.into() });
        let effect = Effect::command::<Task>(1, task.clone(), close, ended);
        Some(if STRICT { effect.at_version(Version::FIRST) } else { effect })
    }

    fn deadline(state: &ClosingState) -> Option<Deadline<Self>> {
        match state {
            ClosingState::Waiting(at) => Some(Deadline { at: *at, input: Input::HourOver }),
            ClosingState::Absent | ClosingState::Closing | ClosingState::Ended(_) => None,
        }
    }
}
