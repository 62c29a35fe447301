//! A store where something is wrong for good.

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, EventStore, ReadError, ReadFrom, Row, RowKey, RowPage, RowQuery, StreamId,
    ViewError, ViewStore,
};

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
