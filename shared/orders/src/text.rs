//! Text from people and providers: bounded, and made of characters that a person can see.
//!
//! New text is checked by Unicode property. Stored text is only checked for what older versions refused, so that every
//! stored event still decodes, and stored references still match.

use std::{borrow::Cow, fmt, str::FromStr};

use dekigoto::Explain;
use icu_properties::{
    CodePointSetData, CodePointSetDataBorrowed, props::DefaultIgnorableCodePoint,
};
use serde::{Deserialize, Serialize};

use crate::limits::{
    CARRIER_CHARS_MAX, DECLINE_REASON_BYTES_MAX, REASON_CHARS_MAX, REFERENCE_BYTES_MAX,
    REFUND_REFERENCE_BYTES_MAX, TRACKING_NUMBER_BYTES_MAX,
};

/// The text is not allowed. The message never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {fault}; at most {limit} are allowed")]
pub struct InvalidText {
    /// The kind of text, such as `the carrier`.
    pub what: &'static str,
    /// The same in Japanese.
    pub what_in_japanese: &'static str,
    pub limit: TextLimit,
    pub fault: TextFault,
}

/// The limit of a text: in characters where people write, in bytes of UTF-8 where machines do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextLimit {
    Characters(usize),
    Bytes(usize),
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Empty, or only white space.
    #[error("is empty")]
    Blank,
    /// Over the limit.
    #[error("is too long")]
    TooLong,
    /// White space at the beginning or the end.
    #[error("begins or ends with a space")]
    Padded,
    /// A control character, one that nobody can see, or one that reorders text.
    #[error("holds a character that cannot be shown")]
    Unprintable,
}

impl Explain for InvalidText {
    fn in_japanese(&self) -> Cow<'static, str> {
        let fault = match self.fault {
            TextFault::Blank => "が空です",
            TextFault::TooLong => "が長すぎます",
            TextFault::Padded => "の先頭か末尾に空白があります",
            TextFault::Unprintable => "に表示できない文字があります",
        };
        let limit = match self.limit {
            TextLimit::Characters(most) => format!("{most} 文字"),
            TextLimit::Bytes(most) => format!("UTF-8 で {most} バイト"),
        };
        format!("{}{fault}。{limit}までです。", self.what_in_japanese).into()
    }
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// An id or a name: every character is visible.
    Name,
    /// Sentences. Scripts and emoji need characters that join others or choose their form; nobody can see those alone.
    Prose,
}

const IGNORABLE: CodePointSetDataBorrowed<'static> =
    CodePointSetData::new::<DefaultIgnorableCodePoint>();

impl TextLimit {
    fn is_exceeded_by(self, text: &str) -> bool {
        match self {
            // The bytes are compared first, so that megabytes are never counted.
            Self::Characters(most) => text.len() > 4 * most || text.chars().count() > most,
            Self::Bytes(most) => text.len() > most,
        }
    }
}

impl fmt::Display for TextLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Characters(most) => write!(f, "{most} characters"),
            Self::Bytes(most) => write!(f, "{most} bytes"),
        }
    }
}

/// Checks what versions before the Unicode properties checked. Stored text passes it.
fn check_stored(text: &str, limit: TextLimit) -> Result<(), TextFault> {
    if limit.is_exceeded_by(text) {
        return Err(TextFault::TooLong);
    }
    if text.trim().is_empty() {
        return Err(TextFault::Blank);
    }
    if text.chars().any(is_unprintable) { Err(TextFault::Unprintable) } else { Ok(()) }
}

/// Checks that a person can see the text.
fn check_visible(text: &str, style: Style) -> Result<(), TextFault> {
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err(TextFault::Padded);
    }
    let mut follows_visible = false;
    for character in text.chars() {
        let is_invisible =
            is_unprintable(character) || is_blank(character) || IGNORABLE.contains(character);
        let joins = style == Style::Prose && follows_visible && is_joiner(character);
        if is_invisible && !joins {
            return Err(TextFault::Unprintable);
        }
        follows_visible = !character.is_whitespace();
    }
    Ok(())
}

/// Control characters break log lines and terminals; line separators and bidirectional marks make a text
/// look like another one (Unicode Standard Annex 9).
fn is_unprintable(character: char) -> bool {
    // The last two are noncharacters, and SQS refuses messages that contain them.
    character.is_control()
        || matches!(character,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Characters without ink that have no such property: a blank Braille pattern, a blank note head, Egyptian blanks, a
/// Khitan filler, and marks of annotations.
fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\u{2800}' | '\u{1D159}' | '\u{13441}' | '\u{13442}' | '\u{16FE4}' | '\u{FFF9}'
            ..='\u{FFFB}'
    )
}

/// The joiners of scripts and emoji, and the variation selectors.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $japanese:literal, $style:expr, $unit:ident($most:expr)) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            // Lengths in a schema are in characters, and a text has at most as many characters as bytes.
            schemars(inline, extend("minLength" = 1, "maxLength" = $most))
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            const LIMIT: TextLimit = TextLimit::$unit($most);

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Checks that a person can see the text. Stored text may hold characters that nobody sees.
            ///
            /// # Errors
            /// What is wrong with it.
            pub fn must_be_visible(&self) -> Result<(), InvalidText> {
                check_visible(&self.0, $style).map_err(Self::invalid)
            }

            fn invalid(fault: TextFault) -> InvalidText {
                InvalidText {
                    what: $what,
                    what_in_japanese: $japanese,
                    limit: Self::LIMIT,
                    fault,
                }
            }
        }

        /// For stored text.
        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                check_stored(&text, Self::LIMIT).map_err(Self::invalid)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Reads new text.
macro_rules! parsed {
    ($($name:ident),+) => {$(
        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                let text = Self::try_from(text.to_owned())?;
                text.must_be_visible()?;
                Ok(text)
            }
        }
    )+};
}

parsed!(RefundReference, DeclineReason, Carrier, TrackingNumber, Reason);

/// The reference of a payment that is already recorded may hold anything that older versions took: it still names its
/// payment. The rule for recording a new one asks that it is visible.
impl FromStr for PaymentReference {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        Self::try_from(text.to_owned())
    }
}

text! {
    /// The payment provider's id for a payment: 1 to 128 bytes.
    PaymentReference, "the payment reference", "支払い番号", Style::Name, Bytes(REFERENCE_BYTES_MAX)
}
text! {
    /// The payment provider's id for a refund: 1 to 128 bytes.
    RefundReference, "the refund reference", "返金番号", Style::Name, Bytes(REFUND_REFERENCE_BYTES_MAX)
}
text! {
    /// The provider's reason for declining a payment: 1 to 200 bytes.
    DeclineReason, "the decline reason", "支払いが拒否された理由", Style::Prose, Bytes(DECLINE_REASON_BYTES_MAX)
}
text! {
    /// The carrier of a parcel: 1 to 64 characters.
    Carrier, "the carrier", "配送業者", Style::Name, Characters(CARRIER_CHARS_MAX)
}
text! {
    /// The carrier's tracking number: 1 to 128 bytes.
    TrackingNumber, "the tracking number", "追跡番号", Style::Name, Bytes(TRACKING_NUMBER_BYTES_MAX)
}
text! {
    /// The reason for a cancellation or refund: 1 to 500 characters.
    Reason, "the reason", "理由", Style::Prose, Characters(REASON_CHARS_MAX)
}

#[cfg(test)]
mod tests;
