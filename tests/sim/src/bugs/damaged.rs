//! Planted bugs of rows that cannot be read.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    Envelope, Ports, Row, RowKey, RowPage, RowQuery, ViewError, ViewStore,
    batch::Outcome,
    views::{AnyView, Marked, View},
};
use dekigoto_testkit::{WrapsView, sim::ViewPort};
use order_service::OrderSummaryView;

/// Whether this is an order's row that cannot be read.
fn is_damaged(row: &Row) -> bool {
    let is_of_order = row.key.partition.starts_with(&format!("{}#", OrderSummaryView::NAME));
    let marked = row.body.read::<Marked<<OrderSummaryView as View>::Row>>();
    is_of_order && marked.is_err()
}

/// Fails a read or a list that has a row that cannot be read.
pub(super) struct FailsDamaged(pub(super) ViewPort);

fn none_is_damaged<'a>(mut rows: impl Iterator<Item = &'a Row>) -> Result<(), ViewError> {
    if rows.any(is_damaged) {
        return Err(ViewError::Broken("a row cannot be read".into()));
    }
    Ok(())
}

#[async_trait]
impl ViewStore for FailsDamaged {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        let rows = self.0.read(keys).await?;
        none_is_damaged(rows.iter().flatten())?;
        Ok(rows)
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        self.0.write(rows).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        let page = self.0.list(query).await?;
        none_is_damaged(page.rows.iter())?;
        Ok(page)
    }
}

/// Parks the events of a row that cannot be read.
pub(super) struct ParksDamaged(pub(super) Arc<dyn AnyView>);

#[async_trait]
impl WrapsView for ParksDamaged {
    fn inner(&self) -> &dyn AnyView {
        &*self.0
    }

    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome> {
        let parked = Outcome::Parked("the row cannot be read".to_owned());
        match ports.views.read(std::slice::from_ref(key)).await {
            Ok(rows) if rows.iter().flatten().any(is_damaged) => vec![parked; events.len()],
            Ok(_) | Err(_) => self.inner().project(ports, key, events).await,
        }
    }
}
