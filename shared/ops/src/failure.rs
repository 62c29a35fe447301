//! Why a command could not do its work: one sentence that says what happened, and what to do.

use std::fmt;

/// A command could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is, for `--json`.
    pub kind: Kind,
    what: String,
    next: String,
}

/// The kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An argument names something that does not exist, or two arguments contradict each other.
    Argument,
    /// There is no such stack, queue, function or table.
    NotFound,
    /// The credentials are missing, unknown or expired.
    Credentials,
    /// The caller lacks a permission.
    Permission,
    /// AWS did not answer, or is busy.
    Unreachable,
    /// The service does not offer this operation, as in a local emulator.
    Unsupported,
    /// Anything else that AWS or the stores refused.
    Refused,
}

impl Failure {
    /// A failure. `what` and `next` form one sentence: "{what}: {next}".
    #[must_use]
    pub fn new(kind: Kind, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { kind, what: what.into(), next: next.into() }
    }

    /// A failure of an argument.
    #[must_use]
    pub fn argument(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Kind::Argument, what, next)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.next)
    }
}

impl std::error::Error for Failure {}

/// How the stores' errors read to an operator.
pub(crate) fn of_store(error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        text = deeper.to_string();
        source = deeper.source();
    }
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["Expired"]) {
        return Failure::expired();
    }
    if has(&["UnrecognizedClient", "InvalidClientTokenId", "credentials"]) {
        return Failure::unknown_credentials();
    }
    if has(&["AccessDenied"]) {
        let next = "ask for this permission, or use another `--profile`";
        return Failure::new(Kind::Permission, first_line(&text), next);
    }
    if has(&["ResourceNotFound"]) {
        let next = "the table of the stack is gone; check `--stack` and `--region`";
        return Failure::new(Kind::NotFound, first_line(&text), next);
    }
    if has(&["dispatch failure", "timeout", "timed out", "ConnectorError"]) {
        let what = "DynamoDB does not answer";
        return Failure::new(
            Kind::Unreachable,
            what,
            "check `--region` and your network, then try again",
        );
    }
    Failure::new(Kind::Refused, first_line(&text), "read the message and try again")
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end_matches(['.', ':']).to_owned()
}

impl Failure {
    pub(crate) fn expired() -> Self {
        Self::new(
            Kind::Credentials,
            "the credentials have expired",
            "sign in again (for example with `aws sso login`) and repeat the command",
        )
    }

    pub(crate) fn unknown_credentials() -> Self {
        Self::new(
            Kind::Credentials,
            "AWS does not accept these credentials",
            "check `--profile` or the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    }
}
