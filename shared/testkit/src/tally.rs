//! An aggregate to test stores with: it adds numbers, and its state shows whether one was lost, repeated or moved.

use dekigoto::{
    Aggregate, Commit, Context, Decider, EventSchema as _, Fingerprint, Head, NewEvent, StreamId,
    Timestamp, event_schema,
};
use serde::{Deserialize, Serialize};

/// A tally, with the schema of its snapshots and how often it takes one.
#[derive(Debug)]
pub struct Tally<const SCHEMA: u32 = 1, const EVERY: u32 = 4>;

/// Adds each of the numbers, in one commit.
#[derive(Clone, Debug, Serialize)]
pub struct Add(pub Vec<u64>, pub usize);

/// A number was added, with so many bytes of padding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The number.
    pub number: u64,
    /// Makes the event as large as a test wants it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub padding: String,
}

/// The events of a tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A number was added.
    Added(Added),
}

event_schema! {
    Event {
        Added as "Added": 1,
    }
}

/// The numbers so far. Another order, a missing or a repeated number gives another digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many numbers.
    pub count: u64,
    /// A digest of the numbers in their order.
    pub digest: u64,
}

impl Sum {
    /// The state after these numbers.
    pub fn of(numbers: impl IntoIterator<Item = u64>) -> Self {
        numbers.into_iter().fold(Self::default(), Self::plus)
    }

    fn plus(self, number: u64) -> Self {
        Self {
            count: self.count + 1,
            digest: self.digest.wrapping_mul(31).wrapping_add(number + 1),
        }
    }
}

impl<const SCHEMA: u32, const EVERY: u32> Decider for Tally<SCHEMA, EVERY> {
    type Command = Add;
    type Event = Event;
    type State = Sum;
    type Refusal = ();

    fn decide(_: &Sum, Add(numbers, padding): Add) -> Result<Vec<Event>, ()> {
        let padding = "x".repeat(padding);
        let added = |number| Event::Added(Added { number, padding: padding.clone() });
        Ok(numbers.into_iter().map(added).collect())
    }

    fn evolve(sum: Sum, Event::Added(added): &Event) -> Sum {
        sum.plus(added.number)
    }
}

impl<const SCHEMA: u32, const EVERY: u32> Aggregate for Tally<SCHEMA, EVERY> {
    type Id = String;

    const TYPE: &'static str = "Tally";
    const SNAPSHOT_SCHEMA: u32 = SCHEMA;
    const SNAPSHOT_EVERY: u32 = EVERY;
}

/// The stream of the tally with that id.
#[must_use]
pub fn stream(id: &str) -> StreamId {
    StreamId::new("Tally", id).unwrap()
}

/// A context with every field set, and that command key.
#[must_use]
pub fn context(key: &str) -> Context {
    Context {
        at: Timestamp::from_millis(1_795_424_400_123).unwrap(),
        key: key.parse().unwrap(),
        actor: "customer-42".to_owned(),
        correlation_id: "0198f3a4-7f63-7d0e-9c3f-2d1b8f0c5a11".to_owned(),
        causation_id: Some("request-77".to_owned()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    }
}

/// The fingerprint of a request.
#[must_use]
pub fn fingerprint(request: &str) -> Fingerprint {
    Fingerprint::of(&[request])
}

/// The commit after `head` that adds the numbers, under that command key.
#[must_use]
pub fn commit(head: &Head, key: &str, numbers: &[u64]) -> Commit {
    let events: Vec<NewEvent> = Tally::<1, 4>::decide(&Sum::default(), Add(numbers.to_vec(), 0))
        .unwrap()
        .iter()
        .map(|event| event.encode().unwrap())
        .collect();
    Commit::after(head, events, context(key), fingerprint(&format!("{numbers:?}"))).unwrap()
}
