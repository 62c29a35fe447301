//! Text as SQS takes it.

use std::borrow::Cow;

/// Bytes of one message of a queue, attributes included: SQS's own limit of 1 MiB.
pub const QUEUE_MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of the reason that a parked message carries.
pub const REASON_BYTES_MAX: usize = 1024;

const _: () = assert!(8 * REASON_BYTES_MAX < QUEUE_MESSAGE_BYTES_MAX);

/// The text with what SQS refuses replaced by U+FFFD: control characters other than tab and line ends, U+FFFE and
/// U+FFFF. SQS would refuse the whole message.
pub(crate) fn allowed(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    let replace = |char| if is_allowed(char) { char } else { '\u{FFFD}' };
    Cow::Owned(text.chars().map(replace).collect())
}

fn is_allowed(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r') || (char >= ' ' && char != '\u{FFFE}' && char != '\u{FFFF}')
}

/// The longest beginning of the text that has at most that many bytes and ends with a whole character.
pub(crate) fn beginning(text: &str, bytes_max: usize) -> &str {
    let whole = text.floor_char_boundary(bytes_max);
    text.get(..whole).unwrap_or_default()
}
