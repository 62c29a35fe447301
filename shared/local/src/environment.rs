//! The settings of a running system.

use std::env::{self, VarError};

use crate::error::Error;

/// A variable of the environment. An empty one counts as not set.
#[expect(clippy::disallowed_methods, reason = "the environment is read once, at start")]
pub(crate) fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|it| !it.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not valid UTF-8").into()),
    }
}
