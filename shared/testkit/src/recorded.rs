//! Records the calls to the stores, for tests of what an answer costs and what its cost reveals.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, EventStore, ReadError, ReadFrom, Row, RowKey, RowPage, RowQuery, StreamId,
    ViewError, ViewStore,
};

/// Both stores, with a record of every call: its kind and size, without ids.
pub struct RecordedCalls {
    store: Arc<dyn EventStore>,
    views: Arc<dyn ViewStore>,
    calls: Mutex<Vec<String>>,
}

impl RecordedCalls {
    /// Records the calls to these two stores.
    pub fn of(store: Arc<dyn EventStore>, views: Arc<dyn ViewStore>) -> Arc<Self> {
        Arc::new(Self { store, views, calls: Mutex::default() })
    }

    /// The calls since the last `take`.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn note(&self, call: String) {
        self.calls.lock().unwrap().push(call);
    }
}

/// The view's name, which every partition begins with.
fn view(partition: &str) -> &str {
    partition.split_once('#').map_or(partition, |(view, _)| view)
}

fn views<'a>(keys: impl Iterator<Item = &'a RowKey>) -> String {
    keys.map(|key| view(&key.partition)).collect::<Vec<_>>().join(", ")
}

#[async_trait]
impl EventStore for RecordedCalls {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        self.note(format!("append to {}", commit.stream().aggregate_type()));
        self.store.append(commit).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        let direction = match from {
            ReadFrom::Newest => "from the newest".to_owned(),
            ReadFrom::Down(ordinal) => format!("down from {ordinal}"),
            ReadFrom::Up(ordinal) => format!("up from {ordinal}"),
        };
        self.note(format!("read {limit} of {} {direction}", stream.aggregate_type()));
        self.store.read(stream, from, limit).await
    }
}

#[async_trait]
impl ViewStore for RecordedCalls {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.note(format!("get {}", views(keys.iter())));
        self.views.read(keys).await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        self.note(format!("put {}", views(rows.iter().map(|row| &row.key))));
        self.views.write(rows).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.note(format!("list {} of {}", query.limit, view(&query.partition)));
        self.views.list(query).await
    }
}
