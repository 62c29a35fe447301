//! Streams as the service itself stores them, with the snapshots of the kit.

use std::{convert::Infallible, sync::Arc};

use dekigoto::{
    Aggregate, Commit, Context, Decider, Engine, Envelope, EventSchema, EventStore as _, Expect,
    Fingerprint, Head, SystemHost, Timestamp, memory::MemoryStore,
};
use orders::{
    OrderId,
    order::{Order, OrderEvent, OrderState},
    payment::Payment,
    samples,
};

use crate::Failure;

/// An order that is placed and then confirmed again and again: a stream of any length, with the events, states and
/// snapshots of orders. The last state allows the order to be cancelled.
struct Again;

impl Decider for Again {
    type Command = ();
    type Event = OrderEvent;
    type State = OrderState;
    type Refusal = Infallible;

    fn decide(state: &OrderState, (): ()) -> Result<Vec<OrderEvent>, Infallible> {
        Ok(vec![if state.placed().is_none() { samples::placed() } else { samples::confirmed() }])
    }

    fn evolve(state: OrderState, event: &OrderEvent) -> OrderState {
        Order::evolve(state, event)
    }
}

impl Aggregate for Again {
    type Id = OrderId;

    const TYPE: &'static str = <Order as Aggregate>::TYPE;
    const SNAPSHOT_SCHEMA: u32 = Order::SNAPSHOT_SCHEMA;
    const SNAPSHOT_EVERY: u32 = Order::SNAPSHOT_EVERY;
}

/// The streams of one part of the bench.
pub(crate) struct Histories {
    name: &'static str,
    store: MemoryStore,
    orders: u32,
}

impl Histories {
    /// No streams. Other parts have other names, and so other orders.
    pub(crate) fn of(name: &'static str) -> Self {
        Self { name, store: MemoryStore::new(), orders: 0 }
    }

    /// A new order's stream with so many commits.
    pub(crate) async fn order(&mut self, commits: u32) -> Result<OrderId, Failure> {
        let order = self.next()?;
        let engine = Engine::new(Arc::new(self.store.clone()), Arc::new(SystemHost));
        for number in 0..commits {
            let context = context(number)?;
            let done = engine.execute::<Again>(&order, (), &context, Expect::Anything).await;
            done.map_err(|cause| cause.to_string())?;
        }
        Ok(order)
    }

    /// A payment of the order's total.
    pub(crate) async fn pay(&self, order: OrderId) -> Result<(), Failure> {
        let event = samples::received("ch_1", 3000).encode()?;
        let head = Head::empty(Payment::stream(&order)?);
        let commit = Commit::after(&head, vec![event], context(0)?, Fingerprint::of(&["pay"]))?;
        self.store.append(&commit).await?;
        Ok(())
    }

    /// All commits of an order's own stream.
    pub(crate) async fn commits(&self, order: OrderId) -> Result<Vec<Commit>, Failure> {
        let first = dekigoto::ReadFrom::Up(dekigoto::Ordinal::FIRST);
        Ok(self.store.read(&Order::stream(&order)?, first, u32::MAX).await?)
    }

    /// The first events of that many new orders.
    pub(crate) async fn placed(&mut self, orders: usize) -> Result<Vec<Envelope>, Failure> {
        let mut placed = Vec::new();
        for _ in 0..orders {
            let order = self.order(1).await?;
            placed.extend(self.events(order).await?);
        }
        Ok(placed)
    }

    /// All events of an order's own stream.
    pub(crate) async fn events(&self, order: OrderId) -> Result<Vec<Envelope>, Failure> {
        Ok(self.commits(order).await?.iter().flat_map(Commit::envelopes).collect())
    }

    /// Every stored commit, as it is stored.
    pub(crate) fn dump(&self) -> Vec<dekigoto::StoredCommit> {
        self.store.dump()
    }

    fn next(&mut self) -> Result<OrderId, Failure> {
        self.orders += 1;
        Ok(OrderId::derive(self.name, &format!("order-{}", self.orders).parse()?))
    }
}

/// Metadata as long as API Gateway and a tracing client make it.
fn context(number: u32) -> Result<Context, Failure> {
    Ok(Context {
        at: Timestamp::from_millis(1_795_424_400_123 + i64::from(number))?,
        key: format!("0198f3a4-7f63-7d0e-8c3f-{number:012}").parse()?,
        actor: "arn:aws:sts::123456789012:assumed-role/shop/shop".to_owned(),
        correlation_id: "BvZ0XgKnliAEJmg=".to_owned(),
        causation_id: None,
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    })
}
