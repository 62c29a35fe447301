//! An aggregate is a rule and a fold; nothing else.
//!
//! The shape is Jérémie Chassaing's *decider*, as Equinox and Emmett use it.

use std::{fmt::Display, str::FromStr};

use serde::{Serialize, de::DeserializeOwned};

use crate::{EventSchema, Fingerprint, InvalidStreamId, StreamId};

/// The rules of one kind of aggregate, as two pure functions.
pub trait Decider {
    /// What may be asked for.
    type Command;
    /// What may have happened.
    type Event;
    /// What must be known to decide.
    type State: Default;
    /// Why a command is refused.
    type Refusal;

    /// What happens when the command meets the state. No events means: accepted, nothing to do.
    ///
    /// # Errors
    /// The refusal. Nothing is written then.
    fn decide(
        state: &Self::State,
        command: Self::Command,
    ) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// The state after the event. Total: what has happened cannot be refused.
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
    /// What names one aggregate of this kind. Its text is part of the storage format: it is the second half of the
    /// stream's key.
    type Id: Display + FromStr<Err: Display> + Send + Sync;

    /// The stream's aggregate type, such as `Order`. Part of the storage format: it never changes.
    const TYPE: &'static str;

    /// Which shape of `State` a snapshot holds. Raise it when `State` or `evolve` changes meaning: older
    /// snapshots are then passed over.
    const SNAPSHOT_SCHEMA: u32;

    /// Every how many commits the state is embedded in a commit. Also the number of commits that a load reads.
    const SNAPSHOT_EVERY: u32 = 32;

    /// The stream of the aggregate with that id.
    ///
    /// # Errors
    /// When the id's text is empty or too long to name a stream.
    fn stream(id: &Self::Id) -> Result<StreamId, InvalidStreamId> {
        StreamId::new(Self::TYPE, id.to_string())
    }

    /// The id that a stream's name ends in.
    ///
    /// # Errors
    /// Why the text is not such an id.
    fn id_of(text: &str) -> Result<Self::Id, String> {
        text.parse().map_err(|cause: <Self::Id as FromStr>::Err| cause.to_string())
    }

    /// Digests what was asked for, so that a command key that comes back with another request is refused.
    ///
    /// The default digests the id and the command's JSON. Fingerprints are stored: where it is overridden, or a command's
    /// JSON changes, keys of before no longer match.
    ///
    /// # Errors
    /// When the command has no JSON form.
    fn fingerprint(
        id: &Self::Id,
        command: &Self::Command,
    ) -> Result<Fingerprint, serde_json::Error> {
        Ok(Fingerprint::of(&[&id.to_string(), &serde_json::to_string(command)?]))
    }

    /// Folds events into a state.
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
