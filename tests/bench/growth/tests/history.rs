//! Streams as the service stores them, in any number and of any length.

use std::sync::Arc;

use dekigoto::{Commit, Engine, Envelope, Expect, StoredCommit, memory::MemoryStore};
use dekigoto_testkit::still_host;
use orders::{
    OrderId,
    samples::{Again, long_context},
};
use serde_json::{Map, Value, json};

/// The commits of one order.
pub(crate) struct History {
    order: OrderId,
    commits: Vec<StoredCommit>,
}

impl History {
    /// An order with so many commits.
    pub(crate) async fn of(commits: u32) -> Self {
        let (order, store) = (nth_order(0), MemoryStore::new());
        let engine = Engine::new(Arc::new(store.clone()), Arc::new(still_host()));
        for number in 0..commits {
            let context = long_context(number);
            engine.execute::<Again>(&order, (), &context, Expect::Anything).await.unwrap();
        }
        Self { order, commits: store.dump() }
    }

    /// The items of this history as that of another order.
    pub(crate) fn items_of(&self, order: OrderId) -> Vec<Value> {
        let items: Vec<Value> = self.commits.iter().map(item).collect();
        of_other_order(&items, self.order, order)
    }

    pub(crate) fn commits(&self) -> usize {
        self.commits.len()
    }

    /// The first event, every so-manieth one, and the newest, as those of another order.
    pub(crate) fn some_events_of(&self, order: OrderId, step: usize) -> Vec<Envelope> {
        let newest = self.commits.len() - 1;
        let mut places: Vec<usize> = (0..newest).step_by(step).collect();
        places.push(newest);
        places.into_iter().map(|place| self.event_of(place, order)).collect()
    }

    fn event_of(&self, place: usize, order: OrderId) -> Envelope {
        let mut commit = self.commits[place].clone();
        commit.pk = commit.pk.replace(&self.order.to_string(), &order.to_string());
        Commit::try_from(commit).unwrap().envelopes().next().unwrap()
    }
}

/// These items with the id of another order in the place of this one's.
pub(crate) fn of_other_order(items: &[Value], from: OrderId, to: OrderId) -> Vec<Value> {
    let text = json!(items).to_string().replace(&from.to_string(), &to.to_string());
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn nth_order(place: usize) -> OrderId {
    OrderId::derive("growth", &format!("order-{place}").parse().unwrap())
}

/// A commit as DynamoDB's JSON.
fn item(commit: &StoredCommit) -> Value {
    let Value::Object(attributes) = json!(commit) else { panic!("a stored commit is an object") };
    let typed = attributes.into_iter().map(|(name, value)| {
        let kind = if value.is_number() { "N" } else { "S" };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name, json!({ kind: text }))
    });
    Value::Object(typed.collect::<Map<_, _>>())
}
