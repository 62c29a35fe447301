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

    /// Adds a setting that may be missing: then it has this value.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this file reads the environment")]
    pub fn with_default(self, name: &'static str, default: &str) -> Self {
        self.or(name, default, |name| std::env::var(name).ok())
    }

    /// Adds a setting from a lookup function, or else this value.
    ///
    /// ```
    /// use dekigoto_lambda::Config;
    /// let config = Config::read(&[], |_| None)?.or("EVENT_SOURCE", "orders", |_| Some(String::new()));
    /// assert_eq!(config.text("EVENT_SOURCE"), "orders", "an empty setting is a missing one");
    /// # Ok::<(), dekigoto_lambda::ConfigError>(())
    /// ```
    #[must_use]
    pub fn or(
        mut self,
        name: &'static str,
        default: &str,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let value = lookup(name).filter(|value| !value.trim().is_empty());
        self.0.insert(name, value.unwrap_or_else(|| default.to_owned()));
        self
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
