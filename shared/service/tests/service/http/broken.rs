//! Stores that panic, are slow or fail.

use std::time::Duration;

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, EventStore, Host as _, ReadError, ReadFrom, Row, RowKey, RowPage,
    RowQuery, StreamId, ViewError, ViewStore,
    memory::{ManualHost, MemoryStore},
};

/// A store that panics.
pub(super) struct Panics;

#[async_trait]
impl EventStore for Panics {
    async fn append(&self, _: &Commit) -> Result<(), AppendError> {
        panic!("secret");
    }

    async fn read(&self, _: &StreamId, _: ReadFrom, _: u32) -> Result<Vec<Commit>, ReadError> {
        panic!("secret");
    }
}

/// A store that answers late.
pub(super) struct Slow {
    pub(super) store: MemoryStore,
    pub(super) host: ManualHost,
    pub(super) time: Duration,
}

#[async_trait]
impl EventStore for Slow {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        self.host.sleep(self.time).await;
        self.store.append(commit).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.host.sleep(self.time).await;
        self.store.read(stream, from, limit).await
    }
}

/// A store that fails for good.
pub(super) struct Broken;

#[async_trait]
impl EventStore for Broken {
    async fn append(&self, _: &Commit) -> Result<(), AppendError> {
        Err(AppendError::Broken("no secret permission".into()))
    }

    async fn read(&self, _: &StreamId, _: ReadFrom, _: u32) -> Result<Vec<Commit>, ReadError> {
        Err(ReadError::Broken("no secret permission".into()))
    }
}

#[async_trait]
impl ViewStore for Broken {
    async fn read(&self, _: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        Err(ViewError::Broken("no secret permission".into()))
    }

    async fn write(&self, _: &[Row]) -> Result<(), ViewError> {
        Err(ViewError::Broken("no secret permission".into()))
    }

    async fn list(&self, _: &RowQuery) -> Result<RowPage, ViewError> {
        Err(ViewError::Broken("no secret permission".into()))
    }
}
