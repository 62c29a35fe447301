//! The language of an error's text: English, or Japanese if the client prefers it.

use axum::http::{HeaderMap, HeaderValue, header::ACCEPT_LANGUAGE};

/// Languages of one header that are read; a client lists a few.
const LANGUAGES_MAX: usize = 20;

/// A language that problems are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// The default.
    #[default]
    English,
    /// Japanese.
    Japanese,
}

impl Language {
    /// The language that the client prefers, by the quality values of `Accept-Language` (RFC 9110); of two with the same
    /// value, the one that is named first. A header that cannot be read asks for nothing.
    ///
    /// ```
    /// use axum::http::{HeaderMap, HeaderValue, header::ACCEPT_LANGUAGE};
    /// use dekigoto_http::Language;
    /// let mut headers = HeaderMap::new();
    /// headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en;q=0.5, ja-JP"));
    /// assert_eq!(Language::of(&headers), Language::Japanese);
    /// ```
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let texts = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|it| it.to_str().ok());
        let ranges = texts.flat_map(|text| text.split(',')).take(LANGUAGES_MAX);
        let mut best = (0, Self::default());
        for (language, quality) in ranges.filter_map(preference) {
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    /// The language tag, for `Content-Language`.
    #[must_use]
    pub fn tag(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::English => "en",
            Self::Japanese => "ja",
        })
    }
}

/// A language of ours with its quality in thousandths.
fn preference(range: &str) -> Option<(Language, u16)> {
    let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
    let primary = tag.trim().split('-').next().unwrap_or_default();
    let language = match primary.to_ascii_lowercase().as_str() {
        "ja" => Language::Japanese,
        "en" | "*" => Language::English,
        _ => return None,
    };
    Some((language, quality(parameters.trim())?))
}

/// `q=0.8` in thousandths; 1000 if there is none, and `None` if it is not a quality.
fn quality(parameters: &str) -> Option<u16> {
    if parameters.is_empty() {
        return Some(1000);
    }
    let (name, value) = parameters.split_once('=')?;
    if !name.trim_end().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, digits) = value.trim_start().split_once('.').unwrap_or((value.trim_start(), ""));
    let is_short = digits.len() <= 3 && digits.bytes().all(|it| it.is_ascii_digit());
    let thousandths: u16 = format!("{digits:0<3}").parse().ok().filter(|_| is_short)?;
    match (whole, thousandths) {
        ("0", _) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[&str], expected: Language) {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(ACCEPT_LANGUAGE, HeaderValue::from_bytes(header.as_bytes()).unwrap());
        }
        assert_eq!(Language::of(&map), expected, "{headers:?}");
    }

    #[test]
    fn japanese_is_chosen_if_the_client_prefers_it() {
        for header in [
            "ja",
            "JA",
            "ja-JP",
            "ja, en",
            "ja;q=1.0, en;q=0.9",
            "en;q=0.8, ja",
            "en; q=0.1 ,ja ; q=0.2",
            "fr, ja;q=0.001",
            "*;q=0.1, ja;q=0.5",
            "ja;Q=0.5",
            "zh, ja-Latn-hepburn",
        ] {
            check(&[header], Language::Japanese);
        }
        check(&["en;q=0.5", "ja"], Language::Japanese);
    }

    #[test]
    fn english_is_chosen_otherwise() {
        for header in [
            "",
            "en",
            "fr",
            "*",
            "en, ja",
            "ja;q=0",
            "ja;q=0.000, *;q=0",
            "ja;q=0.5, en;q=0.6",
            "en-GB, ja;q=0.9",
            "*, ja;q=0.9",
            "jav",
            "ja;q=2",
            "ja;q=1.001",
            "ja;q=0.1234",
            "ja;q=x",
            "ja;level=1",
            ";;,,",
            "ja;q=-1",
            "j\u{e4}",
        ] {
            check(&[header], Language::English);
        }
        check(&[], Language::English);
    }

    #[test]
    fn only_the_first_languages_of_a_long_header_are_read() {
        let many = vec!["fr"; LANGUAGES_MAX].join(",");
        check(&[&format!("{many},ja")], Language::English);
    }
}
