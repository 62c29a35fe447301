//! Streams as the service itself stores them, with the snapshots of the kit.

use std::sync::Arc;

use dekigoto::{
    Aggregate as _, Commit, Engine, Envelope, EventSchema as _, EventStore as _, Expect,
    Fingerprint, Head, SystemHost, memory::MemoryStore,
};
use orders::{
    OrderId,
    order::Order,
    payment::Payment,
    samples::{self, Again, long_context},
};

use crate::Failure;

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
            let context = long_context(number);
            let done = engine.execute::<Again>(&order, (), &context, Expect::Anything).await;
            done.map_err(|cause| cause.to_string())?;
        }
        Ok(order)
    }

    /// A payment of the order's total.
    pub(crate) async fn pay(&self, order: OrderId) -> Result<(), Failure> {
        let event = samples::received("ch_1", 3000).encode()?;
        let head = Head::empty(Payment::stream(&order)?);
        let commit = Commit::after(&head, vec![event], long_context(0), Fingerprint::of(&["pay"]))?;
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
