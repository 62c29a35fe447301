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
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<TextFault> {
        text.parse::<Carrier>().err().map(|invalid| invalid.fault)
    }

    #[test]
    fn a_limit_counts_characters_where_people_write_and_bytes_where_machines_do() {
        for letter in ["a", "配", "🚚"] {
            assert_eq!(fault(&letter.repeat(64)), None);
            assert_eq!(fault(&letter.repeat(65)), Some(TextFault::TooLong));
        }
        let number = |text: String| text.parse::<TrackingNumber>().err().map(|it| it.fault);
        assert_eq!(number("配".repeat(42)), None);
        assert_eq!(number("配".repeat(43)), Some(TextFault::TooLong));
    }

    #[test]
    fn space_of_any_kind_at_an_end_is_refused() {
        for space in [" ", "\u{A0}", "\u{1680}", "\u{2003}", "\u{202F}", "\u{3000}"] {
            for text in [format!("{space}DHL"), format!("DHL{space}")] {
                assert_eq!(fault(&text), Some(TextFault::Padded), "{text:?}");
            }
            assert_eq!(fault(&format!("Deutsche{space}Post")), None);
        }
    }

    /// By property, not by a list: a sample of each block that has such characters.
    #[test]
    fn characters_that_nobody_sees_are_refused_alone_and_inside() {
        for hidden in [
            '\u{AD}',
            '\u{34F}',
            '\u{115F}',
            '\u{17B4}',
            '\u{180B}',
            '\u{180E}',
            '\u{200B}',
            '\u{200C}',
            '\u{200D}',
            '\u{2060}',
            '\u{2065}',
            '\u{206F}',
            '\u{2800}',
            '\u{3164}',
            '\u{FE0F}',
            '\u{FFA0}',
            '\u{FFF0}',
            '\u{FFF9}',
            '\u{1BCA0}',
            '\u{1D159}',
            '\u{1D173}',
            '\u{E0001}',
            '\u{E0041}',
            '\u{E0100}',
            '\u{E0FFF}',
        ] {
            for text in [hidden.to_string(), format!("D{hidden}HL"), format!("DHL{hidden}")] {
                assert_eq!(fault(&text), Some(TextFault::Unprintable), "{text:?}");
            }
        }
    }

    #[test]
    fn prose_may_join_visible_characters() {
        let fault = |text: &str| text.parse::<Reason>().err().map(|invalid| invalid.fault);
        for text in ["👩\u{200D}🚀 is away", "می\u{200C}خواهم", "❤\u{FE0F}", "क्\u{200D}ष"]
        {
            assert_eq!(fault(text), None, "{text:?}");
        }
        for text in ["\u{200D}", "a \u{200D}", "\u{FE0F}a", "a\u{200B}b", "a\u{2060}"] {
            assert_eq!(fault(text), Some(TextFault::Unprintable), "{text:?}");
        }
    }

    /// A text that older versions took is still read from the store, and a reference still names its payment.
    #[test]
    fn stored_text_of_before_still_decodes() {
        for text in ["ch_1\u{200B}", "ch_1 ", "\u{2060}"] {
            let stored = serde_json::to_string(text).unwrap();
            let reference: PaymentReference = serde_json::from_str(&stored).unwrap();
            assert_eq!(text.parse(), Ok(reference.clone()));
            assert!(reference.must_be_visible().is_err());
            assert!(serde_json::from_str::<Carrier>(&stored).is_ok());
            assert!(text.parse::<Carrier>().is_err());
        }
    }

    #[test]
    fn an_empty_or_blank_text_is_refused() {
        assert_eq!(fault(""), Some(TextFault::Blank));
        assert_eq!(fault(" \u{3000}"), Some(TextFault::Blank));
    }

    #[test]
    fn unprintable_characters_are_refused() {
        for text in [
            "a\nb",
            "a\0",
            "\u{1b}[2J",
            "a\u{85}b",
            "abc\u{202E}fed",
            "\u{FEFF}a",
            "a\u{2028}b",
            "a\u{FFFF}",
        ] {
            assert_eq!(fault(text), Some(TextFault::Unprintable), "{text:?}");
        }
    }

    #[test]
    fn any_language_and_any_markup_is_accepted() {
        for text in ["ヤマト運輸", "=1+1", "<script>", "O'Neill & Söhne", "🚚"] {
            assert_eq!(fault(text), None, "{text:?}");
        }
    }

    #[test]
    fn deserializing_checks_texts_too() {
        assert!(serde_json::from_str::<Carrier>(r#""DHL""#).is_ok());
        assert!(serde_json::from_str::<Carrier>(r#""D\nHL""#).is_err());
        assert!(serde_json::from_str::<Carrier>("7").is_err());
    }

    #[test]
    fn the_message_names_the_field_and_not_the_text() {
        let sentence = "secret\n".parse::<Reason>().unwrap_err().to_string();
        assert_eq!(
            sentence,
            "the reason holds a character that cannot be shown; at most 500 characters are allowed"
        );
    }
}
