//! How domain events become stored text and come back, also when they were written years ago.

use crate::Payload;

/// An event on its way into a store: its name, the version of its payload's shape, and the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The event's name, in the past tense.
    pub event_type: String,
    /// Which shape the payload has, from 1.
    pub schema_version: u32,
    /// The facts.
    pub payload: Payload,
}

/// Why stored text is not an event that this code knows. Nothing is ever guessed or skipped.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// No event has that name.
    #[error("no event is called {0:?}; deploy the version that wrote it")]
    UnknownEvent(String),
    /// The event was written by newer code.
    #[error(
        "{event_type} has schema version {got}, this code knows up to {known}; deploy the version that wrote it"
    )]
    Newer {
        /// The event's name.
        event_type: String,
        /// The version that is stored.
        got: u32,
        /// The newest version that this code reads.
        known: u32,
    },
    /// The payload does not have the shape that its name and version promise. The cause names fields, never values.
    #[error(
        "{event_type} v{schema_version} does not have its shape (line {line}, column {column})"
    )]
    Malformed {
        /// The event's name.
        event_type: String,
        /// The version that is stored.
        schema_version: u32,
        /// Where in the payload.
        line: usize,
        /// Where in the payload.
        column: usize,
    },
}

impl SchemaError {
    /// Whether newer code wrote the event. During a deployment old code meets such events, and a deployment passes: whoever
    /// meets one waits and tries again.
    #[must_use]
    pub const fn is_of_newer_code(&self) -> bool {
        match self {
            Self::UnknownEvent(_) | Self::Newer { .. } => true,
            Self::Malformed { .. } => false,
        }
    }
}

/// A set of domain events with explicit names and schema versions. [`event_schema!`](crate::event_schema) writes it.
pub trait EventSchema: Sized {
    /// Every name with the newest version of its payload.
    const NEWEST: &'static [(&'static str, u32)];

    /// The event as it is stored, always in its newest shape.
    ///
    /// # Errors
    /// When the payload has no JSON form.
    fn encode(&self) -> Result<NewEvent, serde_json::Error>;

    /// The event, or the events, that a stored one means today: the upcast.
    ///
    /// # Errors
    /// [`SchemaError`] when the name is unknown, the version newer than this code, or the shape wrong.
    fn decode(
        event_type: &str,
        schema_version: u32,
        payload: &Payload,
    ) -> Result<Vec<Self>, SchemaError>;
}

/// Gives an enum of events its names and schema versions.
///
/// Each variant holds one payload struct. The text after `as` is the event's name, and the number the newest schema
/// version of its payload. Older versions follow in braces, each with the function that turns its payload into today's
/// events (one, or several). Name and version are storage format: neither is ever taken away. A variant may be renamed.
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

/// What [`event_schema!`](crate::event_schema) expands to calls of. Not for direct use.
#[doc(hidden)]
pub mod __private {
    use serde::de::DeserializeOwned;

    use super::{Payload, SchemaError};

    pub use serde_json::Error as JsonError;

    /// Reads a payload, and keeps its text out of the error.
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

    /// Tells a newer version from a name that nobody knows.
    #[must_use]
    pub fn unknown(newest: &[(&str, u32)], event_type: &str, got: u32) -> SchemaError {
        match newest.iter().find(|(name, _)| *name == event_type) {
            Some((_, known)) if got > *known => {
                SchemaError::Newer { event_type: event_type.to_owned(), got, known: *known }
            }
            Some(_) | None => SchemaError::UnknownEvent(format!("{event_type} v{got}")),
        }
    }
}
