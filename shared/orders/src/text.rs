//! Free text from people and providers: bounded, and without characters that hide or reorder text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::limits::{
    CARRIER_BYTES_MAX, DECLINE_REASON_BYTES_MAX, REASON_BYTES_MAX, REFERENCE_BYTES_MAX,
    REFUND_REFERENCE_BYTES_MAX, TRACKING_NUMBER_BYTES_MAX,
};

/// The text is not allowed. The message never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {fault}; at most {bytes_max} bytes are allowed")]
pub struct InvalidText {
    /// The kind of text, such as `the carrier`.
    pub what: &'static str,
    pub bytes_max: usize,
    pub fault: TextFault,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Empty, or only white space.
    #[error("is empty")]
    Blank,
    /// Over the limit, in bytes of UTF-8.
    #[error("is too long")]
    TooLong,
    /// A control character, or one that hides or reorders text.
    #[error("holds a character that cannot be shown")]
    Unprintable,
}

fn check(text: &str, bytes_max: usize) -> Result<(), TextFault> {
    // The length is checked first, so that no later check scans megabytes.
    if text.len() > bytes_max {
        return Err(TextFault::TooLong);
    }
    if text.trim().is_empty() {
        return Err(TextFault::Blank);
    }
    if text.chars().any(is_unprintable) {
        return Err(TextFault::Unprintable);
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

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $bytes_max:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            // Lengths in a schema are in characters, and a text has at most as many characters as bytes.
            schemars(inline, extend("minLength" = 1, "maxLength" = $bytes_max))
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                match check(&text, $bytes_max) {
                    Ok(()) => Ok(Self(text)),
                    Err(fault) => Err(InvalidText { what: $what, bytes_max: $bytes_max, fault }),
                }
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                Self::try_from(text.to_owned())
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

text! {
    /// The payment provider's id for a payment: 1 to 128 bytes.
    PaymentReference, "the payment reference", REFERENCE_BYTES_MAX
}
text! {
    /// The payment provider's id for a refund: 1 to 128 bytes.
    RefundReference, "the refund reference", REFUND_REFERENCE_BYTES_MAX
}
text! {
    /// The provider's reason for declining a payment: 1 to 200 bytes.
    DeclineReason, "the decline reason", DECLINE_REASON_BYTES_MAX
}
text! {
    /// The carrier of a parcel: 1 to 64 bytes.
    Carrier, "the carrier", CARRIER_BYTES_MAX
}
text! {
    /// The carrier's tracking number: 1 to 128 bytes.
    TrackingNumber, "the tracking number", TRACKING_NUMBER_BYTES_MAX
}
text! {
    /// The reason for a cancellation or refund: 1 to 500 bytes.
    Reason, "the reason", REASON_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<TextFault> {
        text.parse::<Carrier>().err().map(|invalid| invalid.fault)
    }

    #[test]
    fn the_limit_of_a_text_is_in_bytes() {
        assert_eq!(fault(&"a".repeat(64)), None);
        assert_eq!(fault(&"a".repeat(65)), Some(TextFault::TooLong));
        assert_eq!(fault(&"配".repeat(21)), None);
        assert_eq!(fault(&"配".repeat(22)), Some(TextFault::TooLong));
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
        for text in ["ヤマト運輸", "=1+1", "<script>", "O'Neill & Söhne", "🚚", "👩‍🚀"]
        {
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
            "the reason holds a character that cannot be shown; at most 500 bytes are allowed"
        );
    }
}
