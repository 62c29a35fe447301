//! This store: the kit's engine on its DynamoDB adapter, as the functions of this checkout use it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ScalarAttributeType;
use dekigoto::{
    Aggregate, Commit, Context, Decider, Engine as Commands, EventSchema as _, Expect, Fingerprint,
    Head, Host, NewEvent, StreamId, Timestamp, event_schema,
};
use dekigoto_dynamodb::DynamoEventStore;
use uuid::Uuid;

use crate::{
    Failure,
    cases::Subject,
    engine::Engine,
    note::{AGGREGATE, Noted, Notes, SNAPSHOT_EVERY},
};

const TABLE: &str = "dekigoto";

/// The decider: every command makes one event.
struct Rules;

#[derive(Clone, serde::Serialize)]
struct Note;

enum Event {
    Noted(Noted),
}

event_schema! {
    Event {
        Noted as "Noted": 1,
    }
}

impl Decider for Rules {
    type Command = Note;
    type Event = Event;
    type State = Notes;
    type Refusal = std::convert::Infallible;

    fn decide(notes: &Notes, _: Note) -> Result<Vec<Event>, Self::Refusal> {
        Ok(vec![Event::Noted(Noted::new(notes.count + 1))])
    }

    fn evolve(notes: Notes, Event::Noted(noted): &Event) -> Notes {
        notes.plus(noted)
    }
}

impl Aggregate for Rules {
    type Id = String;

    const TYPE: &'static str = AGGREGATE;
    const SNAPSHOT_SCHEMA: u32 = 1;
}

const _: () = assert!(Rules::SNAPSHOT_EVERY as u64 == SNAPSHOT_EVERY, "the kit's own default");

/// A host whose clock stands still and that never sleeps: there is no other writer.
struct StillHost;

#[async_trait]
impl Host for StillHost {
    fn now(&self) -> Timestamp {
        noon()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self) -> Uuid {
        Uuid::nil()
    }

    async fn sleep(&self, _: Duration) {}
}

fn noon() -> Timestamp {
    Timestamp::from_millis(1_795_435_200_123).unwrap_or_else(|_| unreachable!("a day of 2026"))
}

pub(crate) struct Dekigoto {
    commands: Commands,
    count: AtomicU64,
}

pub(crate) async fn open(engine: &Engine) -> Result<Dekigoto, Failure> {
    let keys = [("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N)];
    engine.table(TABLE, &keys).await?;
    let store = DynamoEventStore::new(engine.client.clone(), TABLE);
    let commands = Commands::new(Arc::new(store), Arc::new(StillHost));
    Ok(Dekigoto { commands, count: AtomicU64::new(0) })
}

impl Dekigoto {
    /// The full context of a command, as the api function fills it in.
    fn context(&self) -> Result<Context, Failure> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        Ok(Context {
            at: noon(),
            key: format!("0198f3a4-7f63-7d0e-8c3f-{count:012}").parse()?,
            actor: "customer-42".to_owned(),
            correlation_id: "0198f3a4-7f63-7d0e-9c3f-2d1b8f0c5a11".to_owned(),
            causation_id: Some("request-77".to_owned()),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        })
    }

    fn commit(&self, head: &Head, events: u64) -> Result<Commit, Failure> {
        let last = head.version().map_or(0, |version| version.get());
        let events = (last + 1..=last + events).map(|number| Event::Noted(Noted::new(number)));
        let events: Vec<NewEvent> = events.map(|event| event.encode()).collect::<Result<_, _>>()?;
        Ok(Commit::after(head, events, self.context()?, Fingerprint::of(&["note"]))?)
    }
}

impl Subject for Dekigoto {
    type Place = Head;

    async fn fill(&self, stream: &str, events: u64) -> Result<(), Failure> {
        // The commits up to the newest snapshot are appended without a load. The first command after them finds no
        // snapshot and so takes one, at the right place; the rest are commands.
        let snapshot_at = events / SNAPSHOT_EVERY * SNAPSHOT_EVERY;
        let mut head = Head::empty(StreamId::new(AGGREGATE, stream)?);
        for _ in 1..snapshot_at {
            let commit = self.commit(&head, 1)?;
            self.commands.store().append(&commit).await?;
            head = commit.head();
        }
        for _ in snapshot_at.max(1)..=events {
            self.command(stream).await?;
        }
        Ok(())
    }

    async fn create(&self, stream: &str) -> Result<(), Failure> {
        let context = self.context()?;
        let created = self.commands.create::<Rules>(&stream.to_owned(), Note, &context).await;
        created.map(|_| ()).map_err(|cause| cause.to_string().into())
    }

    async fn command(&self, stream: &str) -> Result<(), Failure> {
        let context = self.context()?;
        let stream = stream.to_owned();
        let done = self.commands.execute::<Rules>(&stream, Note, &context, Expect::Anything).await;
        done.map(|_| ()).map_err(|cause| cause.to_string().into())
    }

    async fn place(&self, stream: &str) -> Result<Head, Failure> {
        Ok(self.commands.load::<Rules>(&stream.to_owned()).await?.head)
    }

    async fn append(&self, head: Head, events: u64) -> Result<(), Failure> {
        Ok(self.commands.store().append(&self.commit(&head, events)?).await?)
    }

    async fn load(&self, stream: &str) -> Result<u64, Failure> {
        Ok(self.commands.load::<Rules>(&stream.to_owned()).await?.state.count)
    }
}
