//! Stores where something is wrong for good.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, EventStore, Host as _, ReadError, ReadFrom, Row, RowKey, RowPage,
    RowQuery, StreamId, ViewError, ViewStore,
};
use dekigoto_testkit::StillHost;
use order_service::http::limits::REQUEST_TIME_MAX;

/// Code that breaks.
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

/// A store that does not answer as long as a request may take.
pub(super) struct Endless(pub(super) Arc<StillHost>);

#[async_trait]
impl EventStore for Endless {
    async fn append(&self, _: &Commit) -> Result<(), AppendError> {
        self.0.sleep(REQUEST_TIME_MAX).await;
        Ok(())
    }

    async fn read(&self, _: &StreamId, _: ReadFrom, _: u32) -> Result<Vec<Commit>, ReadError> {
        self.0.sleep(REQUEST_TIME_MAX).await;
        Ok(Vec::new())
    }
}

/// A store that refuses us.
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
