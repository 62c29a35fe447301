//! A deterministic simulator of what a service runs on: tables, streams, topics, queues, functions and their failures.
//!
//! The service is real. The simulator stands behind the kit's ports. One thread runs everything in virtual time, and a
//! seed decides the rest: which task runs next, how long a call takes and what fails. The same seed fails again in the
//! same way.
//!
//! * [`Sim`] is the handle to a run: time, dice, the [`Plan`] of faults and the [`Journal`].
//! * [`Executor`] runs the tasks.
//! * [`Machine`] makes calls. Each goes through [`Machine::call`], where the plan may make it fail.
//! * [`EventTable`], [`ViewTable`], [`Topic`] and [`Queue`] implement the ports.
//! * [`Function`] runs code on machines. [`Stream`] and [`deliver`] invoke it with records and messages.
//!
//! This crate does not know the order service. The repository's `tests/sim` runs the order service here and checks the
//! invariants.

mod core;
mod dice;
mod event_table;
mod executor;
mod fault;
mod function;
mod journal;
mod machine;
mod queue;
mod queue_mapping;
mod signal;
#[expect(clippy::module_inception, reason = "a `Sim` is what this module is about")]
mod sim;
mod stream;
mod topic;
mod view_table;

pub use dice::Dice;
pub use event_table::{APPEND, EventTable, READ, SCAN, TablePort};
pub use executor::{Executor, Stopped};
pub use fault::{Fault, Outage, Plan, Site, Swarm};
pub use function::{Consumer, Ended, Function, TimeLeft};
pub use journal::{Journal, Violation};
pub use machine::{CALL_TIME_MAX, Lost, Machine, PRIVATE, START_MILLIS};
pub use queue::{DUE, Letter, PARK, Queue, QueuePort, RETRY};
pub use queue_mapping::{QueueSettings, RECEIVE, deliver};
pub use signal::Signal;
pub use sim::{Luck, Sim};
pub use stream::{
    AGE_MAX as RECORD_AGE_MAX, ATTEMPTS_MAX as RECORD_ATTEMPTS_MAX, BATCH_MAX as STREAM_BATCH_MAX,
    SHARD, Stream,
};
pub use topic::{BUS, FAN_OUT, Lost as LostMessage, Subscription, TOPIC, Topic, TopicPort};
pub use view_table::{LIST_ROWS, READ_ROWS, ViewPort, ViewTable, WRITE_ROWS, Writes};

/// Every place where a fault can happen.
pub static SITES: [&Site; 14] = [
    &APPEND,
    &READ,
    &SCAN,
    &READ_ROWS,
    &WRITE_ROWS,
    &LIST_ROWS,
    &TOPIC,
    &BUS,
    &FAN_OUT,
    &RETRY,
    &PARK,
    &SHARD,
    &RECEIVE,
    &DUE,
];
