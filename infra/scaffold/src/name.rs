//! A name in the spellings that code, configuration and templates need.

/// The longest name. The template derives the names of resources from it.
const NAME_BYTES_MAX: usize = 32;

/// A name such as `stock-levels`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Takes lower-case words joined by hyphens.
    ///
    /// # Errors
    /// A message that describes a valid name.
    pub fn new(text: &str) -> Result<Self, String> {
        let is_word = |word: &str| {
            word.starts_with(|first: char| first.is_ascii_lowercase())
                && word.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
        };
        if text.len() <= NAME_BYTES_MAX
            && text.split('-').all(is_word)
            && !TAKEN.split(' ').any(|it| it == text)
        {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "{text:?} is not a name. A name is lower-case words joined by hyphens, at most {NAME_BYTES_MAX} characters, \
             and not a word of Rust or of the kit: NAME=stock-levels"
        ))
    }

    /// `stock-levels`.
    #[must_use]
    pub fn kebab(&self) -> &str {
        &self.0
    }

    /// `stock_levels`.
    #[must_use]
    pub fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// `StockLevels`.
    #[must_use]
    pub fn pascal(&self) -> String {
        let words = self.0.split('-').map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        });
        words.collect()
    }

    /// Inserts this name into the text of a template.
    pub(crate) fn fill(&self, template: &str) -> String {
        template
            .replace("__name__", self.kebab())
            .replace("__snake__", &self.snake())
            .replace("__Name__", &self.pascal())
    }
}

/// Words that would clash with words in the generated code.
const TAKEN: &str = "api app as async await axum box break command const continue \
    core crate dekigoto do dyn else enum event extern false final fn for if impl in let \
    local loop macro match mod move mut option override priv projector pub publisher ref \
    refusal result return row self serde service static std string struct super test \
    titled trait true try type unsafe use uuid view views where while yield";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_three_spellings() {
        let name = Name::new("stock-levels").unwrap();
        assert_eq!(
            name.fill("__name__ __snake__ __Name__"),
            "stock-levels stock_levels StockLevels"
        );
    }

    #[test]
    fn an_invalid_name_is_refused_with_an_example() {
        for text in
            ["", "Stock", "stock_levels", "stock-", "-stock", "1st", "a b", "type", &"x".repeat(33)]
        {
            let error = Name::new(text).unwrap_err();
            assert!(error.contains("NAME=stock-levels"), "{error}");
        }
    }
}
