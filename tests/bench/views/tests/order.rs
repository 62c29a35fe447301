//! An order with five commands: placed, paid, confirmed, shipped, delivered.

use dekigoto::{
    Aggregate as _, Commit, Context, Envelope, EventSchema as _, EventStore, Fingerprint, Head,
    NewEvent, memory::MemoryStore,
};
use orders::{
    OrderId,
    order::Order,
    payment::Payment,
    samples::{at, confirmed, delivered, placed, received, shipped},
};

/// Stores the order's commits. Returns its events in the order of the commands.
pub(crate) async fn of_five_commands(store: &MemoryStore, id: OrderId) -> Vec<Envelope> {
    let mut order = Head::empty(Order::stream(&id).unwrap());
    let mut payment = Head::empty(Payment::stream(&id).unwrap());
    let mut events = Vec::new();
    events.extend(append(store, &mut order, 0, placed().encode().unwrap()).await);
    events.extend(append(store, &mut payment, 1, received("ch_1", 3000).encode().unwrap()).await);
    for (minute, event) in [(2, confirmed()), (3, shipped()), (4, delivered())] {
        events.extend(append(store, &mut order, minute, event.encode().unwrap()).await);
    }
    events
}

/// Stores an order that is only placed. Returns its event.
pub(crate) async fn placed_only(store: &dyn EventStore, id: OrderId) -> Envelope {
    let mut order = Head::empty(Order::stream(&id).unwrap());
    append(store, &mut order, 0, placed().encode().unwrap()).await.unwrap()
}

async fn append(
    store: &dyn EventStore,
    head: &mut Head,
    minute: i64,
    event: NewEvent,
) -> Option<Envelope> {
    let context = Context::new(at(minute), format!("key-{minute}").parse().unwrap(), "shop");
    let commit = Commit::after(head, vec![event], context, Fingerprint::of(&[])).unwrap();
    store.append(&commit).await.unwrap();
    *head = commit.head();
    commit.envelopes().next()
}
