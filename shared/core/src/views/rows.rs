//! Reads rows, and writes them back unless another writer changed them first.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use super::{ProjectError, RowError};
use crate::{Payload, Ports, Row, ViewError, backoff, batch::Outcome};

/// Attempts at a step that conflicts with other writers.
pub const WRITES_MAX: u32 = 10;

const RETRY_DELAY_FIRST: Duration = Duration::from_millis(20);
const RETRY_DELAY_MAX: Duration = Duration::from_millis(500);

/// The result of one attempt at the events of a row.
pub(super) enum Try {
    /// One outcome for each event.
    Done(Vec<Outcome>),
    /// Another writer changed the row: read it again.
    Again,
}

/// Repeats the attempt, with waits, until it does not conflict with another writer.
pub(super) async fn until_undisturbed<F>(
    ports: &Ports,
    attempt: impl Fn() -> F,
) -> Result<Vec<Outcome>, ProjectError>
where
    F: Future<Output = Result<Try, ProjectError>>,
{
    for number in 0..WRITES_MAX {
        match attempt().await? {
            Try::Done(outcomes) => return Ok(outcomes),
            Try::Again => {
                let random = ports.host.random();
                let delay = backoff(number, RETRY_DELAY_FIRST, RETRY_DELAY_MAX, random);
                ports.host.sleep(delay).await;
            }
        }
    }
    Err(ProjectError::Contended(WRITES_MAX))
}

/// The outcome of each event of a step that failed as a whole.
pub(super) fn failed(error: ProjectError, events: usize) -> Vec<Outcome> {
    vec![error.into(); events]
}

/// The body of a row, or the default if there is no row, with the revision for the next write.
pub(super) fn opened<T: DeserializeOwned + Default>(
    row: Option<Row>,
) -> Result<(T, u64), RowError> {
    let Some(row) = row else {
        return Ok((T::default(), 1));
    };
    match row.body.read() {
        Ok(body) => Ok((body, row.revision + 1)),
        Err(cause) => Err(RowError::unreadable(&row.key, &cause)),
    }
}

pub(super) fn body<T: Serialize>(row: &T) -> Result<Payload, ProjectError> {
    Payload::of(row).map_err(|_| ProjectError::NoJson)
}

/// Writes rows. Returns false if another writer changed one first.
pub(super) async fn write(ports: &Ports, rows: &[Row]) -> Result<bool, ProjectError> {
    match ports.views.write(rows).await {
        Ok(()) => Ok(true),
        Err(ViewError::Conflict) => Ok(false),
        Err(error @ (ViewError::Unavailable(_) | ViewError::Broken(_))) => Err(error.into()),
    }
}
