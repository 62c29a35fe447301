//! The context of a command: key, actor, causes and time; and the fingerprint of its request.
//!
//! Key and fingerprint are those of the IETF draft on the `Idempotency-Key` header of payment APIs.

use std::{borrow::Cow, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    Explain, Timestamp, WITHHELD,
    limits::{COMMAND_KEY_BYTES_MAX, METADATA_TEXT_BYTES_MAX},
};

/// A fingerprint is the first 96 bits of a SHA-256 digest: 16 characters of base64. A collision within one stream of a
/// thousand commands has a probability of about 2^-77.
const DIGEST_BYTES: usize = 12;

/// The client's name for one command: 1 to 255 visible ASCII characters.
///
/// A request that is sent again with the same key has one effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandKey(String);

/// The text is not 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a command key is 1 to {COMMAND_KEY_BYTES_MAX} visible ASCII characters")]
pub struct InvalidCommandKey;

impl Explain for InvalidCommandKey {
    fn in_japanese(&self) -> Cow<'static, str> {
        format!("表示できる ASCII 文字で 1〜{COMMAND_KEY_BYTES_MAX} 文字にしてください。").into()
    }
}

impl CommandKey {
    /// The key of events whose real key is internal: [`WITHHELD`].
    #[must_use]
    pub fn withheld() -> Self {
        Self(WITHHELD.to_owned())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CommandKey {
    type Error = InvalidCommandKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=COMMAND_KEY_BYTES_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(InvalidCommandKey)
        }
    }
}

impl FromStr for CommandKey {
    type Err = InvalidCommandKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<CommandKey> for String {
    fn from(key: CommandKey) -> Self {
        key.0
    }
}

impl fmt::Display for CommandKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A short digest of a request. It detects a command key that is reused for another request.
///
/// ```
/// use dekigoto::Fingerprint;
/// let first = Fingerprint::of(&["POST /v1/orders", r#"{"currency":"JPY"}"#]);
/// assert_eq!(first, Fingerprint::of(&["POST /v1/orders", r#"{"currency":"JPY"}"#]));
/// assert_ne!(first, Fingerprint::of(&["POST /v1/orders", r#"{"currency":"EUR"}"#]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The length of the text.
    pub(crate) const CHARACTERS: usize = DIGEST_BYTES * 8 / 6;

    /// Digests the parts of a request. Boundaries count: `["ab", "c"]` differs from `["a", "bc"]`.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        let mut sum = Sha256::new();
        for part in parts {
            // The length prefix makes the boundaries count.
            sum.update(part.len().to_string());
            sum.update(":");
            sum.update(part);
        }
        let sum = sum.finalize();
        Self(URL_SAFE_NO_PAD.encode(sum.get(..DIGEST_BYTES).unwrap_or(&sum)))
    }

    /// The digest's text: 16 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stored digest. Another text is no fault: it is equal to no digest.
impl From<String> for Fingerprint {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Fingerprint> for String {
    fn from(digest: Fingerprint) -> Self {
        digest.0
    }
}

/// Who sent a command, when, why, and under which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// When the command was received. Its events get this time.
    pub at: Timestamp,
    /// The client's name for the command.
    pub key: CommandKey,
    /// The caller. Keys of different actors are independent.
    pub actor: String,
    /// Groups everything that one request causes, across services.
    pub correlation_id: String,
    /// The direct cause: a request, an event, or a [`SESSION`](crate::SESSION).
    pub causation_id: Option<String>,
    /// The W3C trace context.
    pub traceparent: Option<String>,
}

impl Context {
    /// The context of a command without an earlier cause. Its correlation id is the key.
    #[must_use]
    pub fn new(at: Timestamp, key: CommandKey, actor: &str) -> Self {
        Self {
            at,
            correlation_id: key.to_string(),
            key,
            actor: actor.to_owned(),
            causation_id: None,
            traceparent: None,
        }
    }

    /// A digest of actor and key. Snapshots remember the command by its [tag](crate::KeyTag).
    #[must_use]
    pub fn identity(&self) -> Fingerprint {
        Fingerprint::of(&[&self.actor, self.key.as_str()])
    }

    /// Whether both are the same command of the same actor.
    pub(crate) fn is_same_command(&self, other: &Self) -> bool {
        self.key == other.key && self.actor == other.actor
    }

    pub(crate) fn is_bounded(&self) -> bool {
        let texts = [Some(&self.actor), Some(&self.correlation_id)];
        let optional = [self.causation_id.as_ref(), self.traceparent.as_ref()];
        let mut all = texts.into_iter().chain(optional).flatten();
        all.all(|text| text.len() <= METADATA_TEXT_BYTES_MAX)
    }
}
