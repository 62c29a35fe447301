//! Policies: they react to events with commands. The instance of a policy is a *process*, such as the fulfilment of one
//! order.
//!
//! A process is an [`Aggregate`]. Its stream is inbox and outbox: commands to it are its inputs, and its events say what
//! it wants done. A policy adds three pure functions:
//!
//! - [`react`](Policy::react) makes an event of another aggregate an input of a process;
//! - [`effect`](Policy::effect) reads from the state which command the process wants to be issued now;
//! - [`deadline`](Policy::deadline) reads from the state until when it waits, and for which input.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bank/bonus.rs"));
//! use dekigoto::{Service, relay, spec::{commanded, given_policy, happened}};
//!
//! # fn main() {
//! let deposited = |cents| happened::<Account>("alice", Event::Deposited(Moved { cents }));
//! given_policy(Bonus, [])
//!     .reacting_to(deposited(100_000))
//!     .delivered_twice()
//!     .then_commands([commanded::<Account>("alice".into(), Command::Deposit { cents: 500 })]);
//! given_policy(Bonus, [deposited(100_000)]).reacting_to(deposited(100_000)).then_nothing();
//!
//! let bank: Service = Service::new("bank")
//!     .aggregate::<Account>((), relay::nothing)
//!     .policy(Bonus, relay::nothing);
//! assert_eq!(bank.policies()[0].events(), ["Deposited"]);
//! # }
//! ```
//!
//! # Who issues effects, and why each is issued once
//!
//! The [`ProcessManager`] takes an event from a queue, feeds the input, and then issues the effects of that process until
//! it wants none. Whatever goes wrong before the end, the message is not acknowledged, and its next delivery goes on:
//!
//! 1. The event is read from the store. A message is only a hint, and a forged one starts nothing.
//! 2. The input's command key derives from the event's stream and version. A second delivery is recognised, and the
//!    current state is loaded.
//! 3. The effect comes from the state, not from the message. Its command key derives from the process and the
//!    [step](Effect::command), so a second attempt has one effect (S9): the target's stream remembers the key.
//! 4. The end of the effect is an input again, with a key that derives from process and step. A refusal is an end too,
//!    so each process goes on (L3). A process cannot refuse an input: its refusal is [`Infallible`].
//!
//! So no own events need to be consumed, and no state is kept outside the streams. An event of newer code waits in the
//! queue, as for views. What fails for good is parked with its reason; what fails for now is delivered again, until the
//! queue moves it to its dead-letter queue, which has an alarm (S15).
//!
//! A stream remembers at least its newest 32 command keys. A delivery that comes after more commands than that is not
//! recognised by its key. So let `decide` ignore inputs that the state already holds, and let effects be commands that
//! their aggregate refuses when they no longer fit, or that [expect a version](Effect::at_version).
//!
//! # Deadlines
//!
//! A deadline is part of the state, so setting and clearing one are events. [`Processes`] is the view of all processes
//! of a policy; it lists those that wait by the minute that they wait for. Each minute a [`Ticker`] lists what is due and
//! puts it into the policy's queue. The process manager compares it with the state: an early, late, repeated or cancelled
//! deadline changes nothing.

mod any;
mod deadline;
mod effect;
mod manager;
mod processes;
mod run;
mod ticker;
mod upcoming;

use std::convert::Infallible;

pub use any::{AnyPolicy, UnknownPolicy};
pub use deadline::{Deadline, DeadlineQueue, DueProcess};
pub(crate) use effect::Refusing;
pub use effect::{Commanded, Effect, Ended};
pub use manager::ProcessManager;
pub use processes::{DUE_SHARDS, Processes};
pub use run::EFFECTS_PER_INPUT_MAX;
pub(crate) use run::{Issue, Run};
pub use ticker::{DUE_PER_PARTITION_MAX, MINUTES_LISTED, Ticked, Ticker};
pub use upcoming::{UPCOMING_MINUTES_MAX, UPCOMING_PER_PARTITION_MAX, upcoming};

use crate::{Aggregate, Decider, Envelope, SchemaError};

/// A rule that reacts to events with commands. Its state is that of one process.
///
/// The value holds the policy's settings, such as how long to wait. Only [`react`](Self::react) reads them: what a
/// process needs is part of its events, so that a new setting does not change a running process.
pub trait Policy: Aggregate + Decider<Refusal = Infallible> + Sized {
    /// The policy's name, such as `fulfilment`, and that of the view of its processes. Part of the storage format.
    const NAME: &'static str;

    /// The events of other aggregates that the policy reacts to. Its queue subscribes to these.
    const EVENTS: &'static [&'static str];

    /// The input that an event is, and the process that gets it. `None` if the event concerns no process. Pure.
    ///
    /// Events arrive at least once and in any order.
    ///
    /// # Errors
    /// [`NotUnderstood`] when this code does not understand the event.
    fn react(&self, event: &Envelope) -> Reaction<Self>;

    /// The command that the process wants to be issued now. `None` while it waits for an event. Pure.
    ///
    /// When the effect has ended, its end is fed as an input, and this is asked again.
    fn effect(id: &Self::Id, state: &Self::State) -> Option<Effect<Self>>;

    /// The deadline that the process waits for, if any.
    fn deadline(_: &Self::State) -> Option<Deadline<Self>> {
        None
    }
}

/// The process that an event concerns, and the input that it is.
pub type Reaction<P> =
    Result<Option<(<P as Aggregate>::Id, <P as Decider>::Command)>, NotUnderstood>;

/// Why a policy does not understand an event.
#[derive(Debug, thiserror::Error)]
pub enum NotUnderstood {
    /// The event cannot be decoded.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The id of its stream is not an id of a process.
    #[error("the stream's id is not an id of a process: {0}")]
    Id(String),
}

impl NotUnderstood {
    /// Whether newer code wrote the event, so that it can be understood after the deployment.
    #[must_use]
    pub const fn is_of_newer_code(&self) -> bool {
        match self {
            Self::Schema(cause) => cause.is_of_newer_code(),
            Self::Id(_) => false,
        }
    }
}

/// The process that has the id of the event's stream.
///
/// # Errors
/// [`NotUnderstood::Id`] when the stream's id is not an id of a process.
pub fn same_id<P: Policy>(event: &Envelope) -> Result<P::Id, NotUnderstood> {
    P::id_of(&event.aggregate_id).map_err(NotUnderstood::Id)
}
