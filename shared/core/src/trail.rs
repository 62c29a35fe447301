//! What every log line of a record carries, so that one search finds each hop of a request.

use crate::{Commit, Envelope};

/// The stream and version of a record, and the request that it belongs to.
///
/// ```
/// use dekigoto::{Envelope, Trail};
/// let body = r#"{"eventId":"01932b4c-0000-7000-8000-000000000000","eventType":"OrderConfirmed","aggregateId":"o-1",
///   "aggregateType":"Order","occurredAt":"2026-11-23T09:00:00.123Z","version":2,"payload":{},"schemaVersion":1,
///   "metadata":{"correlationId":"c-7"}}"#;
/// let trail = Trail::of(&Envelope::from_message(body)?);
/// assert_eq!((trail.stream.as_str(), trail.version, trail.correlation_id.as_str()), ("Order#o-1", 2, "c-7"));
/// # Ok::<(), dekigoto::NotAnEvent>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// The stream's key.
    pub stream: String,
    /// The version of the event, or of the first event of a commit.
    pub version: u64,
    /// How many versions it is about: those of a commit, or one.
    pub events: u64,
    /// Groups everything that one request causes.
    pub correlation_id: String,
    /// The W3C trace context.
    pub traceparent: Option<String>,
}

impl Trail {
    /// The trail of an event.
    #[must_use]
    pub fn of(event: &Envelope) -> Self {
        Self {
            stream: event.stream().map(|stream| stream.key()).unwrap_or_default(),
            version: event.version.get(),
            events: 1,
            correlation_id: event.metadata.correlation_id.clone(),
            traceparent: event.metadata.traceparent.clone(),
        }
    }

    /// The trail of a commit.
    #[must_use]
    pub fn of_commit(commit: &Commit) -> Self {
        let (first, last) = (commit.first_version().get(), commit.last_version().get());
        Self {
            stream: commit.stream().key(),
            version: first,
            events: last.saturating_sub(first) + 1,
            correlation_id: commit.context().correlation_id.clone(),
            traceparent: commit.context().traceparent.clone(),
        }
    }
}

/// Logs a line of a record: level, trail, further fields, and the message.
macro_rules! log_record {
    ($level:ident, $trail:expr, $($rest:tt)+) => {
        $crate::trail::log_record!(target: module_path!(), $level, $trail, $($rest)+)
    };
    (target: $target:expr, $level:ident, $trail:expr, $($rest:tt)+) => {{
        let trail: &$crate::Trail = $trail;
        tracing::event!(
            target: $target,
            tracing::Level::$level,
            stream = trail.stream,
            version = trail.version,
            correlationId = trail.correlation_id,
            traceparent = trail.traceparent.as_deref(),
            $($rest)+
        )
    }};
}
pub(crate) use log_record;

/// Logs what a hop did with a record, as a line of the steady state: hop, trail, further fields, and the message.
macro_rules! log_hop {
    ($hop:ident, $trail:expr, $($rest:tt)+) => {{
        let trail: &$crate::Trail = $trail;
        $crate::trail::log_record!(
            target: $crate::trace::STEADY,
            INFO,
            trail,
            hop = $crate::trace::Hop::$hop.name(),
            events = trail.events,
            $($rest)+
        )
    }};
}
pub(crate) use log_hop;
