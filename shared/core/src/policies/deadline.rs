//! Deadlines: until when a process waits, and for which input.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Policy;
use crate::{Refused, Source, Timestamp};

/// The deadline of a process, read from its state.
pub struct Deadline<P: Policy> {
    /// When it is due.
    pub at: Timestamp,
    /// The input that the process gets then.
    pub input: P::Command,
}

/// A message in a policy's queue: the deadline of a process is due.
///
/// It is only a hint. The process manager reads from the state what the process waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DueProcess {
    /// The policy's name.
    pub policy: String,
    /// The id of the process.
    pub process: String,
    /// When it was due.
    pub due_at: Timestamp,
}

impl DueProcess {
    /// The message's text.
    #[must_use]
    pub fn text(&self) -> String {
        // Strings and a moment always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a message. `None` if it is another one.
    #[must_use]
    pub fn from_message(body: &str) -> Option<Self> {
        serde_json::from_str(body).ok()
    }
}

/// Accepts due processes: the queue of a policy.
#[async_trait]
pub trait DeadlineQueue: Send + Sync {
    /// Puts at most [`BUS_BATCH_MAX`](crate::limits::BUS_BATCH_MAX) messages into the queue. The answer has one entry for
    /// each, in order.
    ///
    /// # Errors
    /// When the whole request failed. The queue may have some of the messages.
    async fn put(&self, due: &[DueProcess]) -> Result<Vec<Result<(), Refused>>, Source>;
}
