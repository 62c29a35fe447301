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
