//! Configuration, read once at start. All missing names are reported together.

use std::collections::BTreeMap;

use thiserror::Error;

/// The settings of the function, by the names of environment variables.
#[derive(Clone, Debug)]
pub struct Config(BTreeMap<&'static str, String>);

/// A setting is missing or invalid. The function does not start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not set, or empty.
    #[error("environment variables are missing or empty: {}. Set them in template.yaml", .0.join(", "))]
    Missing(Vec<&'static str>),
    /// Set to an invalid value.
    #[error("environment variable {name}: {why}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Why its value is invalid.
        why: String,
    },
}

impl Config {
    /// Reads the named settings from the environment.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] with every name that is not set or empty.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    pub fn from_env(names: &[&'static str]) -> Result<Self, ConfigError> {
        Self::read(names, |name| std::env::var(name).ok())
    }

    /// Reads the named settings from a lookup function.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    ///
    /// ```
    /// use dekigoto_lambda::{Config, ConfigError};
    /// let environment = |name: &str| (name == "VIEW").then(|| "daily-sales".to_owned());
    /// let missing = Config::read(&["VIEW", "EVENT_TABLE", "VIEW_TABLE"], environment);
    /// assert_eq!(missing.unwrap_err(), ConfigError::Missing(vec!["EVENT_TABLE", "VIEW_TABLE"]));
    /// ```
    pub fn read(
        names: &[&'static str],
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut settings = BTreeMap::new();
        let mut missing = Vec::new();
        for name in names {
            match lookup(name).filter(|value| !value.trim().is_empty()) {
                Some(value) => drop(settings.insert(*name, value)),
                None => missing.push(*name),
            }
        }
        if missing.is_empty() { Ok(Self(settings)) } else { Err(ConfigError::Missing(missing)) }
    }

    /// The text of a setting; empty if the name was not read.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A setting, parsed.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] when the text cannot be parsed.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T, ConfigError> {
        let parsed = self.text(name).parse();
        parsed.map_err(|cause: T::Err| ConfigError::Invalid { name, why: cause.to_string() })
    }
}
