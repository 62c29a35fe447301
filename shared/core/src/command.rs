//! What every command carries besides itself: key, fingerprint, actor, causes and the moment.
//!
//! The key is the `Idempotency-Key` of payment APIs (an IETF draft gives it that name), the fingerprint what that draft
//! calls by the same name.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    Timestamp,
    limits::{COMMAND_KEY_BYTES_MAX, METADATA_TEXT_BYTES_MAX},
};

/// Bytes kept of a SHA-256 sum: 96 bits, 16 characters of base64. Two commands of one stream would collide once in
/// 2^48 streams of a thousand commands.
const DIGEST_BYTES: usize = 12;

/// The client's name for one command: 1 to 255 visible ASCII characters.
///
/// The same key with the same request has one effect, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandKey(String);

/// The text is not 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a command key is 1 to {COMMAND_KEY_BYTES_MAX} visible ASCII characters")]
pub struct InvalidCommandKey;

impl CommandKey {
    /// The key's text.
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

/// A short digest of what was asked for, so that a key that comes back with another request is noticed.
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
    /// Digests the parts of a request. The boundary between parts counts: `["ab", "c"]` is not `["a", "bc"]`.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        let mut sum = Sha256::new();
        for part in parts {
            // The length in front of each part keeps the boundaries.
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

/// Everything that is true of a command before anything is decided: who, when, why, and under which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// When the command was received. Its events happened then.
    pub at: Timestamp,
    /// The client's key for the command.
    pub key: CommandKey,
    /// On whose behalf. Keys of different actors are independent.
    pub actor: String,
    /// Names the whole conversation, across services.
    pub correlation_id: String,
    /// Names what directly caused the command: a request or an event.
    pub causation_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

impl Context {
    /// The context of a command that no event caused: it begins a conversation, named after the key.
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

    /// The identity under which a snapshot remembers the command.
    #[must_use]
    pub fn identity(&self) -> Fingerprint {
        identity(&self.actor, &self.key)
    }

    pub(crate) fn is_bounded(&self) -> bool {
        let texts = [Some(&self.actor), Some(&self.correlation_id)];
        let optional = [self.causation_id.as_ref(), self.traceparent.as_ref()];
        let mut all = texts.into_iter().chain(optional).flatten();
        all.all(|text| text.len() <= METADATA_TEXT_BYTES_MAX)
    }
}

pub(crate) fn identity(actor: &str, key: &CommandKey) -> Fingerprint {
    Fingerprint::of(&[actor, key.as_str()])
}
