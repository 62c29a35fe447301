//! Planted bugs of policies and deadlines.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, Envelope, EventStore, Host as _, Ports, ReadError, ReadFrom, Row, RowKey,
    RowPage, RowQuery, StoredCommit, StreamId, ViewError, ViewStore,
    batch::Outcome,
    policies::{AnyPolicy, DueProcess, NotUnderstood},
};
use dekigoto_testkit::sim::Machine;

use super::{Bug, Wiring};

impl Wiring {
    /// The policy.
    pub(crate) fn policy(self, policy: Arc<dyn AnyPolicy>) -> Arc<dyn AnyPolicy> {
        match self.0 {
            Some(Bug::ForgetsEffects) => Arc::new(ForgetsEffects(policy)),
            _ => policy,
        }
    }

    /// The ports of the policy's machine.
    pub(crate) fn policy_ports(self, ports: Ports, machine: &Machine) -> Ports {
        match self.0 {
            Some(Bug::KeyPerDelivery) => {
                let store = KeyPerDelivery { store: ports.store, machine: machine.clone() };
                Ports { store: Arc::new(store), ..ports }
            }
            _ => ports,
        }
    }

    /// The view of processes, as the ticker reads it.
    pub(crate) fn deadlines(
        self,
        views: Arc<dyn ViewStore>,
        machine: &Machine,
    ) -> Arc<dyn ViewStore> {
        match self.0 {
            Some(Bug::DropsLateDeadlines) => {
                Arc::new(OnlyThisMinute { views, machine: machine.clone() })
            }
            _ => views,
        }
    }
}

/// Takes a delivery for handled, whatever became of its effects.
struct ForgetsEffects(Arc<dyn AnyPolicy>);

#[async_trait]
impl AnyPolicy for ForgetsEffects {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn process_type(&self) -> &'static str {
        self.0.process_type()
    }

    fn events(&self) -> &'static [&'static str] {
        self.0.events()
    }

    fn process_of(&self, event: &Envelope) -> Result<Option<String>, NotUnderstood> {
        self.0.process_of(event)
    }

    async fn on_event(&self, ports: &Ports, event: &Envelope) -> Outcome {
        forgotten(self.0.on_event(ports, event).await)
    }

    async fn on_deadline(&self, ports: &Ports, due: &DueProcess) -> Outcome {
        forgotten(self.0.on_deadline(ports, due).await)
    }
}

fn forgotten(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Retry(_) => Outcome::Applied,
        outcome => outcome,
    }
}

/// Stores each effect under a new key.
struct KeyPerDelivery {
    store: Arc<dyn EventStore>,
    machine: Machine,
}

#[async_trait]
impl EventStore for KeyPerDelivery {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let stored = StoredCommit::from(commit);
        if !stored.key.starts_with("effect-") {
            return self.store.append(commit).await;
        }
        let key = format!("delivery-{}", self.machine.random());
        self.store.append(&Commit::try_from(StoredCommit { key, ..stored }).unwrap()).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.store.read(stream, from, limit).await
    }
}

/// Shows nothing of earlier minutes.
struct OnlyThisMinute {
    views: Arc<dyn ViewStore>,
    machine: Machine,
}

#[async_trait]
impl ViewStore for OnlyThisMinute {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.views.read(keys).await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        self.views.write(rows).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        let now = self.machine.now().to_string();
        let minute = now.get(..now.len() - 8).unwrap();
        if !query.partition.contains(minute) {
            return Ok(RowPage { rows: Vec::new(), next: None });
        }
        self.views.list(query).await
    }
}
