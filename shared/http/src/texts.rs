//! What the edge says about malformed requests. Each row has both languages, so none can lack one.

use axum::http::HeaderName;
use dekigoto::{Explain, Text};

macro_rules! texts {
    ($($name:ident = $english:literal, $japanese:literal;)+) => {
        $(pub(crate) const $name: Text = Text::new($english, $japanese);)+

        /// Every text without values.
        #[cfg(test)]
        const ALL: &[Text] = &[$($name),+];
    };
}

texts! {
    // Of a field or a parameter. The English text follows its name.
    IS_MISSING = "is missing", "必須ですが、ありません。";
    IS_GIVEN_TWICE = "is given twice", "2 回以上指定されています。";
    MUST_BE_TEXT = "must be a string", "文字列にしてください。";
    MUST_BE_A_FLAG = "must be true or false", "true か false にしてください。";
    MUST_BE_WHOLE = "must be a whole number of at most 64 bits", "64 ビットに収まる整数にしてください。";
    MUST_BE_A_LIST = "must be a list", "配列にしてください。";
    MUST_BE_AN_OBJECT = "must be a JSON object", "JSON のオブジェクトにしてください。";
    MUST_BE_A_VERSION = "is a version: a whole number from 1", "バージョン（1 以上の整数）にしてください。";
    NOT_UNICODE = "is not valid Unicode", "Unicode として正しくありません。";
    NAME_IS_NOT_UNICODE = "has a name that is not Unicode", "Unicode として正しくない項目名があります。";
    UNKNOWN_FIELD = "is not a known field", "この項目はありません。";
    MORE_UNKNOWN_FIELDS = "holds more fields that are not known", "存在しない項目がほかにもあります。";
    BAD_CURSOR = "is not one of this list; start again without it",
        "この一覧のカーソルではありません。カーソルなしで初めから読み直してください。";
    // Of the request. Sentences in both languages.
    NO_BODY = "The body is missing. Send a JSON object with the fields in errors.",
        "本文がありません。errors にある項目を JSON のオブジェクトで送ってください。";
    NOT_UTF_8 = "The body is not UTF-8.", "本文が UTF-8 ではありません。";
    BROKEN_OFF = "The body broke off, or is not encoded as it says. Send it again.",
        "本文が途中で切れたか、宣言と異なる形式です。もう一度送ってください。";
    UNREADABLE_QUERY = "The query string is unreadable.", "クエリ文字列を読み取れません。";
    PATH_IS_NOT_UTF_8 = "The path is not UTF-8.", "パスが UTF-8 ではありません。";
    JOINED_KEY = "Idempotency-Key is given twice, or holds a comma.",
        "Idempotency-Key が 2 回指定されているか、コンマを含んでいます。";
    BAD_IF_NONE_MATCH = "If-None-Match of a command is *, for the first one.",
        "コマンドの If-None-Match は *（最初の 1 件）だけです。";
    BAD_IF_MATCH = "If-Match is one tag as ETag gave it, such as \"3\" or \"3.1\", or *.",
        "If-Match は、ETag で返した値（\"3\" や \"3.1\" など）1 つか * にしてください。";
}

/// serde_json's message names the line and the column, in English.
pub(crate) fn not_json(cause: &serde_json::Error) -> Text {
    let (line, column) = (cause.line(), cause.column());
    Text::with_values(
        format!("The body is not JSON: {cause}."),
        format!("本文が JSON ではありません（{line} 行 {column} 列）。"),
    )
}

pub(crate) fn too_many_parameters(most: usize) -> Text {
    Text::with_values(
        format!("There are more than {most} parameters."),
        format!("パラメーターは {most} 個までです。"),
    )
}

pub(crate) fn unknown_parameter(known: &[&str]) -> Text {
    let names = known.join(", ");
    if known.is_empty() {
        const NONE: Text = Text::new(
            "is not a known parameter; this operation has none",
            "このパラメーターはありません。この操作にパラメーターはありません。",
        );
        return NONE;
    }
    Text::with_values(
        format!("is not a known parameter; the known ones are {names}"),
        format!("このパラメーターはありません。使えるのは {names} です。"),
    )
}

pub(crate) fn between_1_and(most: u32) -> Text {
    Text::with_values(
        format!("is a whole number from 1 to {most}"),
        format!("1 から {most} までの整数にしてください。"),
    )
}

pub(crate) fn bad_id(cause: &impl Explain) -> Text {
    Text::with_values(
        format!("The id in the path: {cause}."),
        format!("パスの ID: {}", cause.in_japanese()),
    )
}

pub(crate) fn header_twice(name: &HeaderName) -> Text {
    Text::with_values(
        format!("{name} is given twice."),
        format!("{name} ヘッダーが 2 回以上指定されています。"),
    )
}

pub(crate) fn header_not_ascii(name: &HeaderName) -> Text {
    Text::with_values(
        format!("{name} holds more than visible ASCII."),
        format!("{name} ヘッダーに表示できる ASCII 以外の文字があります。"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_a_sentence_in_japanese() {
        for text in ALL {
            let japanese = text.in_japanese();
            let has_kana = japanese.chars().any(|it| matches!(it, '\u{3041}'..='\u{30ff}'));
            assert!(has_kana && japanese.ends_with('。'), "{text}: {japanese}");
        }
    }
}
