//! A JSON value that is carried as text.

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// One JSON value, kept as text.
///
/// It travels from the event table to a subscriber without being parsed, so subscribers get the stored bytes.
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
    /// Serializes a value as JSON.
    ///
    /// # Errors
    /// When the value has no JSON form (a map whose keys are not strings, for example).
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// Wraps JSON text, unchanged.
    ///
    /// # Errors
    /// When the text is not one JSON value.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// Wraps JSON text, unchanged, and any other text as a JSON string, also if it is not UTF-8.
    pub(crate) fn text_or_string(text: &[u8]) -> Self {
        let value = serde_json::from_slice(text).map(|value: &RawValue| value.to_owned());
        let string = |_| serde_json::value::to_raw_value(&String::from_utf8_lossy(text));
        Self(value.or_else(string).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// Deserializes the value.
    ///
    /// # Errors
    /// When the JSON is not a `T`.
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
    // A payload holds customer data, which must not reach a log through `{:?}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.as_str().len())
    }
}
