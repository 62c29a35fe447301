//! The specification of [`Bus`], as cases that every implementation passes.

mod sends;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use dekigoto::{Attribute, Bus, Message, Refused, Timestamp, memory::InMemoryEventBus};

use crate::cases::Cases;

/// A bus without messages, and what arrives at a subscriber of it.
#[async_trait]
pub trait BusSubject: Send + Sync {
    /// The bus.
    fn bus(&self) -> Arc<dyn Bus>;

    /// The same bus, in a place that does not answer, or does not exist. `None` if there is no such place.
    fn missing(&self) -> Option<Arc<dyn Bus>>;

    /// What the bus promises.
    fn promises(&self) -> BusPromises;

    /// Waits until this many messages have arrived, or until it is clear that no more will. Returns all of them; those of
    /// one key in the order of their arrival.
    async fn arrived(&self, count: usize) -> Vec<Arrived>;
}

/// What buses do differently.
#[derive(Clone, Copy, Debug)]
pub struct BusPromises {
    /// Whether the messages of one key arrive in the order in which they were sent.
    pub keeps_order: bool,
    /// Whether the attributes arrive.
    pub carries_attributes: bool,
    /// A body of this many bytes is refused, and one of half of it is not. `None` if there is no limit.
    pub body_bytes_refused: Option<usize>,
}

/// A message as a subscriber gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The message's key, if the bus carries it.
    pub key: Option<String>,
    /// The kind, if the bus carries it apart from the attributes.
    pub kind: Option<String>,
    /// The body.
    pub body: String,
    /// The attributes as text, sorted by name.
    pub attributes: Vec<(String, String)>,
}

/// Runs every case on a subject of its own, and panics with the names of the cases that failed.
pub async fn bus_contract<F, S>(fresh: F)
where
    F: Fn() -> S,
    S: Future<Output = Box<dyn BusSubject>>,
{
    let mut cases = Cases::default();
    macro_rules! cases {
        ($($case:ident,)+) => {
            $(cases.run(stringify!($case), async { sends::$case(&*fresh().await).await }).await;)+
        };
    }
    cases! {
        an_empty_batch_sends_nothing,
        a_batch_has_one_answer_for_each_message_and_all_arrive,
        bodies_arrive_byte_for_byte,
        key_kind_and_attributes_arrive,
        the_messages_of_one_key_arrive_in_order,
        senders_at_the_same_time_lose_nothing,
        a_message_that_is_too_large_is_refused_for_good_and_its_neighbours_arrive,
        a_bus_that_is_not_there_refuses_nothing_for_good,
    }
    cases.report("bus contract");
}

/// The in-memory bus, as a subject.
#[must_use]
pub fn memory_bus() -> Box<dyn BusSubject> {
    let bus = InMemoryEventBus::new();
    let (inbox, handler) = InMemoryEventBus::inbox();
    bus.subscribe(None, handler);
    Box::new(MemorySubject { bus, inbox })
}

struct MemorySubject {
    bus: InMemoryEventBus,
    inbox: Arc<Mutex<Vec<Message>>>,
}

#[async_trait]
impl BusSubject for MemorySubject {
    fn bus(&self) -> Arc<dyn Bus> {
        Arc::new(self.bus.clone())
    }

    fn missing(&self) -> Option<Arc<dyn Bus>> {
        None
    }

    fn promises(&self) -> BusPromises {
        BusPromises { keeps_order: true, carries_attributes: true, body_bytes_refused: None }
    }

    async fn arrived(&self, _: usize) -> Vec<Arrived> {
        self.inbox.lock().unwrap().iter().map(Arrived::of).collect()
    }
}

impl Arrived {
    /// A message of which everything arrived.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        let attributes = message.attributes.iter();
        let mut attributes: Vec<_> =
            attributes.map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        attributes.sort();
        Self {
            key: Some(message.key.clone()),
            kind: Some(message.kind.clone()),
            body: message.body.clone(),
            attributes,
        }
    }
}

/// A message with this key and body.
fn message(key: &str, body: impl Into<String>) -> Message {
    Message {
        key: key.to_owned(),
        body: body.into(),
        attributes: vec![
            ("eventType", Attribute::Text("OrderPlaced".to_owned())),
            ("schemaVersion", Attribute::Number(2)),
        ],
        kind: "OrderPlaced".to_owned(),
        at: Timestamp::from_millis(1_795_424_400_123).unwrap(),
    }
}

/// Sends one batch. Every message must be accepted.
async fn send_all(bus: &dyn Bus, batch: &[Message]) {
    let answers = bus.send(batch).await.unwrap();
    assert_eq!(answers, vec![Ok::<(), Refused>(()); batch.len()]);
}

fn bodies(arrived: &[Arrived]) -> Vec<String> {
    arrived.iter().map(|it| it.body.clone()).collect()
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}
