//! The name of a schema, which stands in statements.

use std::{fmt, str::FromStr};

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 40;

/// The schema that holds the tables: lower-case letters, digits and `_`, so that it needs no quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaName(String);

/// The text cannot be the name of a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a schema's name has 1 to {NAME_BYTES_MAX} lower-case letters, digits or '_', and begins with a letter"
)]
pub struct InvalidSchemaName;

impl Default for SchemaName {
    fn default() -> Self {
        Self("dekigoto".to_owned())
    }
}

impl FromStr for SchemaName {
    type Err = InvalidSchemaName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if begins && name.len() <= NAME_BYTES_MAX && name.bytes().all(is_part) {
            return Ok(Self(name.to_owned()));
        }
        Err(InvalidSchemaName)
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
