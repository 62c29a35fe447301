//! Parked records that an operator can read and take back, in stores that keep them as rows.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Parking, Source};

/// A parked record.
#[derive(Clone, PartialEq, Eq)]
pub struct Parked {
    /// Its number. A later record has a larger one.
    pub id: i64,
    /// Its text, unchanged.
    pub body: String,
    /// Why it was parked.
    pub reason: String,
}

impl std::fmt::Debug for Parked {
    // The text may hold customer data, which must not reach a log through `{:?}`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parked({}, {} bytes: {})", self.id, self.body.len(), self.reason)
    }
}

/// A [`Parking`] whose records can be listed and discarded. On AWS a dead-letter queue does this.
#[async_trait]
pub trait ParkedRecords: Parking {
    /// The oldest records, at most `limit`, after the one with this number. 0 is before all.
    ///
    /// # Errors
    /// When the records cannot be read.
    async fn list(&self, after: i64, limit: u32) -> Result<Vec<Parked>, Source>;

    /// Deletes a record, because it was sent back or is not wanted any more. One that is gone is no error.
    ///
    /// # Errors
    /// When the record may still be there.
    async fn discard(&self, id: i64) -> Result<(), Source>;
}

/// Parks with a name in front of the reason: whose dead letter it is, where all are kept together.
pub struct Named<P: ?Sized> {
    name: String,
    parking: Arc<P>,
}

impl Named<()> {
    /// What stands between the name and the reason.
    pub const AFTER_NAME: &'static str = ": ";
}

impl<P: Parking + ?Sized> Named<P> {
    /// For the view, the policy or the relay of this name.
    pub fn new(name: impl Into<String>, parking: Arc<P>) -> Self {
        Self { name: name.into(), parking }
    }

    fn named(&self, text: &str) -> String {
        format!("{}{}{text}", self.name, Named::AFTER_NAME)
    }
}

#[async_trait]
impl<P: Parking + ?Sized> Parking for Named<P> {
    async fn park(&self, body: &str, reason: &str) -> Result<(), Source> {
        let reason = self.named(reason);
        self.parking.park(body, &reason).await
    }

    async fn park_once(&self, key: &str, body: &str, reason: &str) -> Result<(), Source> {
        // Every consumer of a log may park the record of the same place.
        let (key, reason) = (self.named(key), self.named(reason));
        self.parking.park_once(&key, body, &reason).await
    }
}
