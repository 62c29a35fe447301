//! The generations that a projector feeds.

use std::sync::Arc;

use futures_util::lock::Mutex;

use super::{generations_of, in_generation};
use crate::{Ports, ViewError, batch::Outcome, views::ProjectError};

/// The generations of a view that are fed, read once for each batch of messages.
///
/// They are read after the messages have arrived. So an event of a message is in every generation, or it was stored before
/// the generation was registered, and the rebuild's scan sees it.
#[derive(Default)]
pub(crate) struct Feeds(Mutex<Option<Result<Arc<[Ports]>, Outcome>>>);

impl Feeds {
    /// The ports of each generation, the live one first; or the outcome of every message.
    pub(crate) async fn of(&self, ports: &Ports, view: &str) -> Result<Arc<[Ports]>, Outcome> {
        let mut known = self.0.lock().await;
        if let Some(known) = &*known {
            return known.clone();
        }
        let read = read(ports, view).await.map_err(|error| ProjectError::from(error).into());
        *known = Some(read.clone());
        read
    }
}

async fn read(ports: &Ports, view: &str) -> Result<Arc<[Ports]>, ViewError> {
    let generations = generations_of(&*ports.views, view).await?;
    let fed = generations.fed().map(|generation| Ports {
        views: in_generation(Arc::clone(&ports.views), view, generation),
        ..ports.clone()
    });
    Ok(fed.collect())
}
