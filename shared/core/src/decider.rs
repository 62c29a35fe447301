//! An aggregate is two pure functions: `decide` and `evolve`.
//!
//! This is Jérémie Chassaing's *decider*, as Equinox and Emmett use it.

use std::{fmt::Display, str::FromStr};

use serde::{Serialize, de::DeserializeOwned};

use crate::{EventSchema, Fingerprint, InvalidStreamId, StreamId};

/// The rules of one kind of aggregate, as two pure functions.
pub trait Decider {
    /// What a caller may ask for.
    type Command;
    /// What can happen.
    type Event;
    /// What `decide` needs to know.
    type State: Default;
    /// Why a command is refused.
    type Refusal;

    /// Decides which events happen. No events means that the command is accepted and there is nothing to do.
    ///
    /// # Errors
    /// The refusal: nothing is written.
    fn decide(
        state: &Self::State,
        command: Self::Command,
    ) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// The state after an event. It cannot fail, because the event has already happened.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;
}

/// A decider whose events and state can be stored.
pub trait Aggregate:
    Decider<
        Command: Serialize + Clone + Send + Sync,
        Event: EventSchema + Send + Sync,
        State: Serialize + DeserializeOwned + Clone + Send + Sync,
        Refusal: Send,
    > + Send
    + Sync
    + 'static
{
    /// The id of one aggregate. Its text is storage format: the second half of the stream's key.
    type Id: Display + FromStr<Err: Display> + Send + Sync;

    /// The aggregate type, such as `Order`. It is storage format: never change it.
    const TYPE: &'static str;

    /// The schema version of `State` in snapshots. Raise it when `State` or `evolve` changes; older snapshots are then
    /// ignored.
    const SNAPSHOT_SCHEMA: u32;

    /// One commit in this many carries a snapshot, whatever it costs. A cheap one is more frequent: one in
    /// [`COMMITS_PER_FIRST_READ`](crate::limits::COMMITS_PER_FIRST_READ), times the write units that it adds.
    const SNAPSHOT_EVERY: u32 = 32;

    /// The stream of an aggregate.
    ///
    /// # Errors
    /// When the id's text is empty or too long for a stream.
    fn stream(id: &Self::Id) -> Result<StreamId, InvalidStreamId> {
        StreamId::new(Self::TYPE, id.to_string())
    }

    /// Parses the id in a stream's key.
    ///
    /// # Errors
    /// Why the text is not an id.
    fn id_of(text: &str) -> Result<Self::Id, String> {
        text.parse().map_err(|cause: <Self::Id as FromStr>::Err| cause.to_string())
    }

    /// The fingerprint of a request. A command key that is reused with another fingerprint is refused.
    ///
    /// The default digests the id and the command's JSON. Fingerprints are stored, so changing this function or a
    /// command's JSON makes retries of older commands look like key reuse.
    ///
    /// # Errors
    /// When the command has no JSON form.
    fn fingerprint(
        id: &Self::Id,
        command: &Self::Command,
    ) -> Result<Fingerprint, serde_json::Error> {
        Ok(Fingerprint::of(&[&id.to_string(), &serde_json::to_string(command)?]))
    }

    /// Applies events to a state, in order.
    fn fold<'a>(
        state: Self::State,
        events: impl IntoIterator<Item = &'a Self::Event>,
    ) -> Self::State
    where
        Self::Event: 'a,
    {
        events.into_iter().fold(state, Self::evolve)
    }
}
