//! Encodes domain events for storage, and decodes them in any schema version that was ever written.

use crate::Payload;

/// An encoded event that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The event's name, in the past tense.
    pub event_type: String,
    /// The schema version of the payload, from 1.
    pub schema_version: u32,
    /// The event's data.
    pub payload: Payload,
}

/// Why a stored event cannot be decoded. Nothing is ever guessed or skipped.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields' names say it")]
pub enum SchemaError {
    /// This code has no event of this name and version.
    #[error("unknown event {0:?}; deploy the version that wrote it")]
    UnknownEvent(String),
    /// The event was written by newer code.
    #[error(
        "{event_type} has schema version {got}, this code knows up to {known}; deploy the version that wrote it"
    )]
    Newer {
        event_type: String,
        got: u32,
        /// The newest version that this code reads.
        known: u32,
    },
    /// This code knows newer versions of the event, but the upcast of this one was removed.
    #[error(
        "{event_type} v{got} has no upcast any more; restore it in `event_schema!`, because stored events are read for ever"
    )]
    NoUpcast { event_type: String, got: u32 },
    /// The payload does not match its schema. The error has its place in the payload, and never a value.
    #[error(
        "{event_type} v{schema_version} does not match its schema (line {line}, column {column})"
    )]
    Malformed { event_type: String, schema_version: u32, line: usize, column: usize },
}

impl SchemaError {
    /// Whether newer code wrote the event. Old code meets such events during a deployment: retry them later.
    #[must_use]
    pub const fn is_of_newer_code(&self) -> bool {
        match self {
            Self::UnknownEvent(_) | Self::Newer { .. } => true,
            Self::NoUpcast { .. } | Self::Malformed { .. } => false,
        }
    }
}

/// An enum of domain events with explicit names and schema versions. Implement it with
/// [`event_schema!`](crate::event_schema).
pub trait EventSchema: Sized {
    /// Every event name with its newest schema version.
    const NEWEST: &'static [(&'static str, u32)];

    /// Encodes the event in its newest schema version.
    ///
    /// # Errors
    /// When the payload has no JSON form.
    fn encode(&self) -> Result<NewEvent, serde_json::Error>;

    /// Decodes a stored event, and upcasts an old one to today's events.
    ///
    /// # Errors
    /// [`SchemaError`] when the name is unknown, the version is newer than this code, or the payload is malformed.
    fn decode(
        event_type: &str,
        schema_version: u32,
        payload: &Payload,
    ) -> Result<Vec<Self>, SchemaError>;
}

/// Implements [`EventSchema`] for an enum of events.
///
/// Each variant holds one payload struct. The text after `as` is the event's name, and the number its newest schema
/// version. Older versions follow in braces, each with the function that upcasts its payload to one or more of today's
/// events. Names and versions are storage format: never remove one. A variant may be renamed.
///
/// ```
/// use dekigoto::{EventSchema, Payload, event_schema};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Deposited { minor: i64 }
/// #[derive(Deserialize)]
/// struct DepositedV1 { major: i64 }
///
/// fn v1_to_v2(old: DepositedV1) -> Deposited { Deposited { minor: old.major * 100 } }
///
/// enum Event { Deposited(Deposited) }
/// event_schema! {
///     Event {
///         Deposited as "Deposited": 2 { 1 => |old: DepositedV1| vec![Event::Deposited(v1_to_v2(old))] },
///     }
/// }
///
/// let old = Payload::from_text(r#"{"major":3}"#.into())?;
/// let [Event::Deposited(now)] = &Event::decode("Deposited", 1, &old)?[..] else { panic!() };
/// assert_eq!(now.minor, 300);
/// assert!(Event::decode("Deposited", 3, &old).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! event_schema {
    ($events:ident {
        $($variant:ident as $name:literal: $newest:literal $({
            $($old:literal => $upcast:expr),+ $(,)?
        })?),+ $(,)?
    }) => {
        impl $crate::EventSchema for $events {
            const NEWEST: &'static [(&'static str, u32)] = &[$(($name, $newest)),+];

            fn encode(&self) -> Result<$crate::NewEvent, $crate::__private::JsonError> {
                match self {
                    $(Self::$variant(payload) => Ok($crate::NewEvent {
                        event_type: $name.to_owned(),
                        schema_version: $newest,
                        payload: $crate::Payload::of(payload)?,
                    }),)+
                }
            }

            fn decode(
                event_type: &str,
                schema_version: u32,
                payload: &$crate::Payload,
            ) -> Result<Vec<Self>, $crate::SchemaError> {
                match (event_type, schema_version) {
                    $(($name, $newest) => {
                        $crate::__private::read(event_type, schema_version, payload)
                            .map(|payload| vec![Self::$variant(payload)])
                    })+
                    $($($(($name, $old) => {
                        $crate::__private::read(event_type, schema_version, payload).map($upcast)
                    })+)?)+
                    _ => Err($crate::__private::unknown(Self::NEWEST, event_type, schema_version)),
                }
            }
        }
    };
}

/// Called by the expansion of [`event_schema!`](crate::event_schema). Not for direct use.
#[doc(hidden)]
pub mod __private {
    use serde::de::DeserializeOwned;

    use super::{Payload, SchemaError};

    pub use serde_json::Error as JsonError;

    /// Deserializes a payload, and keeps its values out of the error.
    pub fn read<T: DeserializeOwned>(
        event_type: &str,
        schema_version: u32,
        payload: &Payload,
    ) -> Result<T, SchemaError> {
        payload.read().map_err(|cause| SchemaError::Malformed {
            event_type: event_type.to_owned(),
            schema_version,
            line: cause.line(),
            column: cause.column(),
        })
    }

    /// Distinguishes an unknown event, which newer code wrote, from a newer version and from one that lost its upcast.
    #[must_use]
    pub fn unknown(newest: &[(&str, u32)], event_type: &str, got: u32) -> SchemaError {
        match newest.iter().find(|(name, _)| *name == event_type) {
            Some((_, known)) if got > *known => {
                SchemaError::Newer { event_type: event_type.to_owned(), got, known: *known }
            }
            Some(_) => SchemaError::NoUpcast { event_type: event_type.to_owned(), got },
            None => SchemaError::UnknownEvent(format!("{event_type} v{got}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{__private::unknown, SchemaError};

    #[test]
    fn only_newer_versions_and_unknown_events_are_of_newer_code_s12() {
        let newest = [("Placed", 3)];
        let is_newer = |event_type, got| unknown(&newest, event_type, got).is_of_newer_code();
        assert!(is_newer("Placed", 4) && is_newer("Renamed", 1));
        // A removed upcast stays removed, however long the event waits.
        for got in [0, 1, 2] {
            let error = unknown(&newest, "Placed", got);
            assert!(matches!(error, SchemaError::NoUpcast { .. }) && !error.is_of_newer_code());
        }
    }
}
