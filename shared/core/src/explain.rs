//! What is wrong with a value, in both languages that answers are written in.

use std::{borrow::Cow, convert::Infallible, fmt, num::TryFromIntError};

/// An error that a client may read: in English by `Display`, and in Japanese. A type that lacks one cannot be told to
/// clients, and a variant that lacks its text does not compile.
///
/// ```
/// use std::{borrow::Cow, fmt};
/// use dekigoto::Explain;
/// struct TooMany;
/// impl fmt::Display for TooMany {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("at most 9 nights")
///     }
/// }
/// impl Explain for TooMany {
///     fn in_japanese(&self) -> Cow<'static, str> {
///         "9 泊までです。".into()
///     }
/// }
/// ```
pub trait Explain: fmt::Display {
    /// The same as `Display` says, as a sentence in Japanese.
    fn in_japanese(&self) -> Cow<'static, str>;
}

/// A text in both languages.
///
/// ```
/// use dekigoto::{Explain, Text};
/// const FULL: Text = Text::new("is full", "満室です。");
/// assert_eq!((FULL.to_string(), FULL.in_japanese()), ("is full".to_owned(), "満室です。".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    english: Cow<'static, str>,
    japanese: Cow<'static, str>,
}

impl Text {
    /// A text that is always the same.
    ///
    /// # Panics
    /// When one is empty. In a constant, this is a compile error.
    #[must_use]
    pub const fn new(english: &'static str, japanese: &'static str) -> Self {
        let is_written = !(english.is_empty() | japanese.is_empty());
        assert!(is_written, "a text is written in both languages");
        Self { english: Cow::Borrowed(english), japanese: Cow::Borrowed(japanese) }
    }

    /// A text with values in it, such as a limit.
    #[must_use]
    pub fn with_values(english: String, japanese: String) -> Self {
        Self { english: Cow::Owned(english), japanese: Cow::Owned(japanese) }
    }

    /// The sentence about a field or a header with this name.
    ///
    /// ```
    /// use dekigoto::{Explain, Text};
    /// let sentence = Text::about("/room", &Text::new("is full", "満室です。"));
    /// assert_eq!(sentence.to_string(), "/room: is full.");
    /// assert_eq!(sentence.in_japanese(), "/room: 満室です。");
    /// ```
    #[must_use]
    pub fn about(name: &str, why: &(impl Explain + ?Sized)) -> Self {
        let english = why.to_string();
        Self::with_values(
            format!("{name}: {}.", english.trim_end_matches('.')),
            format!("{name}: {}", why.in_japanese()),
        )
    }

    /// What an error says.
    #[must_use]
    pub fn of(why: &(impl Explain + ?Sized)) -> Self {
        Self { english: Cow::Owned(why.to_string()), japanese: why.in_japanese() }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english)
    }
}

impl Explain for Text {
    fn in_japanese(&self) -> Cow<'static, str> {
        self.japanese.clone()
    }
}

impl Explain for Infallible {
    fn in_japanese(&self) -> Cow<'static, str> {
        match *self {}
    }
}

impl Explain for TryFromIntError {
    fn in_japanese(&self) -> Cow<'static, str> {
        "値が範囲外です。".into()
    }
}

impl Explain for uuid::Error {
    fn in_japanese(&self) -> Cow<'static, str> {
        "UUID の形式が正しくありません。".into()
    }
}
