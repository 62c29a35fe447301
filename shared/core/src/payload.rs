//! A JSON document carried as the text it was written in.

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// One JSON value, kept as text.
///
/// What is published is byte for byte what was stored: a payload passes from the event table to a subscriber without
/// being parsed and written again.
///
/// ```
/// use dekigoto::Payload;
/// let payload = Payload::of(&serde_json::json!({ "totalAmount": 3000 }))?;
/// assert_eq!(payload.as_str(), r#"{"totalAmount":3000}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Payload(Box<RawValue>);

impl Payload {
    /// Writes a value as JSON.
    ///
    /// # Errors
    /// When the value has no JSON form (a map whose keys are not strings, for example).
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// Takes JSON text as it is.
    ///
    /// # Errors
    /// When the text is not one JSON value.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// Reads the value as `T`.
    ///
    /// # Errors
    /// When the JSON does not have that shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Payload {}

impl fmt::Debug for Payload {
    // A payload holds what customers said: it must not reach a log through somebody's `{:?}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.as_str().len())
    }
}
