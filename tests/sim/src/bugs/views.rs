//! Planted bugs of the views.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    Envelope, Payload, Ports, Row, RowKey, RowPage, RowQuery, ViewError, ViewStore,
    batch::Outcome,
    views::{AnyView, Marked, SingleView as _, View},
};
use dekigoto_testkit::{WrapsView, sim::ViewPort};
use order_service::OrderSummaryView;

/// The order's view with a wrong watermark: it applies everything, or it skips events that it has not seen.
pub(super) struct Careless {
    pub(super) view: Arc<dyn AnyView>,
    pub(super) skips: bool,
}

#[async_trait]
impl WrapsView for Careless {
    fn inner(&self) -> &dyn AnyView {
        &*self.view
    }

    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome> {
        let retried = || vec![Outcome::Retry("later".to_owned()); events.len()];
        let Ok(mut there) = ports.views.read(std::slice::from_ref(key)).await else {
            return retried();
        };
        let there = there.remove(0);
        let revision = there.as_ref().map_or(1, |row| row.revision + 1);
        let mut marked: Marked<<OrderSummaryView as View>::Row> = there.map_or_else(
            || Marked::empty(OrderSummaryView::SCHEMA),
            // A damaged row begins again.
            |row| row.body.read().unwrap_or_else(|_| Marked::empty(OrderSummaryView::SCHEMA)),
        );
        for event in events {
            let watermark = marked.watermarks.entry(event.aggregate_type.clone()).or_default();
            let is_new = event.version.get() > *watermark;
            *watermark = event.version.get().max(*watermark);
            if is_new || !self.skips {
                OrderSummaryView::apply(&mut marked.row, event).unwrap();
            }
        }
        let indexes = OrderSummaryView::indexes(key, &marked.row).into_iter().collect();
        let body = Payload::of(&marked).unwrap();
        match ports.views.write(&[Row { key: key.clone(), revision, body, indexes }]).await {
            Ok(()) => vec![Outcome::Applied; events.len()],
            Err(_) => retried(),
        }
    }
}

/// Writes despite a conflict.
pub(super) struct LastWriteWins(pub(super) ViewPort);

#[async_trait]
impl ViewStore for LastWriteWins {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.0.read(keys).await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        let written = self.0.write(rows).await;
        if !matches!(written, Err(ViewError::Conflict)) {
            return written;
        }
        let keys: Vec<RowKey> = rows.iter().map(|row| row.key.clone()).collect();
        let there = self.0.read(&keys).await?;
        let over = |(row, there): (&Row, Option<Row>)| {
            let revision = there.map_or(1, |there| there.revision + 1);
            Row { revision, ..row.clone() }
        };
        let rows: Vec<Row> = rows.iter().zip(there).map(over).collect();
        self.0.write(&rows).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.0.list(query).await
    }
}

/// Has one part of each sum.
pub(super) struct OneHotRow(pub(super) ViewPort);

/// The key of a part at the first place. Other keys stay as they are.
fn first_part(key: &RowKey) -> RowKey {
    match key.sort.rsplit_once('.').filter(|(sort, _)| sort.contains("#w")) {
        Some((sort, _)) => RowKey::new(&*key.partition, format!("{sort}.00")),
        None => key.clone(),
    }
}

#[async_trait]
impl ViewStore for OneHotRow {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        let firsts: Vec<RowKey> = keys.iter().map(first_part).collect();
        let rows = self.0.read(&firsts).await?.into_iter().zip(keys);
        Ok(rows.map(|(row, key)| row.map(|row| Row { key: key.clone(), ..row })).collect())
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        let first = |row: &Row| Row { key: first_part(&row.key), ..row.clone() };
        self.0.write(&rows.iter().map(first).collect::<Vec<_>>()).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.0.list(query).await
    }
}

/// Keeps of each record of counted versions the newest one.
pub(super) struct ForgetsCounted(pub(super) ViewPort);

#[async_trait]
impl ViewStore for ForgetsCounted {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.0.read(keys).await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        let mut rows = rows.to_vec();
        for row in rows.iter_mut().filter(|row| row.key.partition.contains("/counted#")) {
            let ranges: Vec<(u64, u64)> = row.body.read().unwrap();
            let newest = ranges.iter().map(|(_, last)| (*last, *last)).max();
            row.body = Payload::of(&newest.into_iter().collect::<Vec<_>>()).unwrap();
        }
        self.0.write(&rows).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.0.list(query).await
    }
}

/// Writes row by row.
pub(super) struct SplitTransaction(pub(super) ViewPort);

#[async_trait]
impl ViewStore for SplitTransaction {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.0.read(keys).await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        for row in rows.iter().rev() {
            self.0.write(std::slice::from_ref(row)).await?;
        }
        Ok(())
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.0.list(query).await
    }
}
