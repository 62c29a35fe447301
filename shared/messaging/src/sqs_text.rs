//! Text that SQS accepts.

use std::borrow::Cow;

/// The largest message of a queue, attributes included: the limit of SQS, 1 MiB.
pub const QUEUE_MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// The longest reason of a parked message.
pub const REASON_BYTES_MAX: usize = 1024;

const _: () = assert!(8 * REASON_BYTES_MAX < QUEUE_MESSAGE_BYTES_MAX);

/// Replaces the characters that SQS refuses by U+FFFD: control characters except tab and line ends, U+FFFE and U+FFFF.
/// SQS would refuse the whole message.
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

/// The longest prefix of at most that many bytes that does not split a character.
pub(crate) fn beginning(text: &str, bytes_max: usize) -> &str {
    let whole = text.floor_char_boundary(bytes_max);
    text.get(..whole).unwrap_or_default()
}
