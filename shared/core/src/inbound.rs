//! Reading an envelope from a message, however it was wrapped on its way.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Envelope;

/// The body is not an event. Says where, never what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is not an event: {0}")]
pub struct NotAnEvent(String);

/// What tells the wrappings apart. An envelope has none of these fields.
#[derive(Deserialize)]
struct Wrapping<'a> {
    /// SNS without raw delivery: the message as a string.
    #[serde(rename = "Message")]
    message: Option<String>,
    /// EventBridge: the message as JSON.
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

impl Envelope {
    /// Reads an event from a queue message: raw, wrapped by SNS, or wrapped by EventBridge.
    ///
    /// # Errors
    /// [`NotAnEvent`] when it is none of these, or names a stream that cannot exist.
    ///
    /// ```
    /// use dekigoto::Envelope;
    /// let raw = r#"{"eventId":"01932b4c-0000-7000-8000-000000000000","eventType":"OrderConfirmed",
    ///   "aggregateId":"o-1","aggregateType":"Order","occurredAt":"2026-11-23T09:00:00.123Z","version":2,
    ///   "payload":{},"schemaVersion":1,"metadata":{"correlationId":"c","commandKey":"k","actor":"a"}}"#;
    /// let by_sns = serde_json::json!({ "Type": "Notification", "Message": raw }).to_string();
    /// let by_rule = format!(r#"{{"detail-type":"x","detail":{raw}}}"#);
    /// assert_eq!(Envelope::from_message(raw)?, Envelope::from_message(&by_sns)?);
    /// assert_eq!(Envelope::from_message(raw)?, Envelope::from_message(&by_rule)?);
    /// assert!(Envelope::from_message("not json").is_err());
    /// # Ok::<(), dekigoto::NotAnEvent>(())
    /// ```
    pub fn from_message(body: &str) -> Result<Self, NotAnEvent> {
        let wrapping: Wrapping<'_> =
            serde_json::from_str(body).map_err(|cause| not_an_event(&cause))?;
        let inner = match (&wrapping.message, wrapping.detail) {
            (Some(message), _) => message.as_str(),
            (None, Some(detail)) => detail.get(),
            (None, None) => body,
        };
        let envelope: Self = serde_json::from_str(inner).map_err(|cause| not_an_event(&cause))?;
        envelope.stream().map_err(|cause| NotAnEvent(cause.to_string()))?;
        Ok(envelope)
    }
}

fn not_an_event(cause: &serde_json::Error) -> NotAnEvent {
    // serde's own text may quote the input, and a dead-letter reason is read by people who must not see it.
    let what = match cause.classify() {
        serde_json::error::Category::Io | serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a field is missing or has the wrong type",
    };
    NotAnEvent(format!("{what} (line {}, column {})", cause.line(), cause.column()))
}
