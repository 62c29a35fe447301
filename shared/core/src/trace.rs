//! The hops of a record, as their log lines name them. `dekigoto-lambda` makes spans of these lines, if it is asked to.

/// The field of a log line that names its hop.
pub const HOP: &str = "hop";

/// The target of the lines that every request and every record writes when nothing is wrong. A subscriber shows them when
/// somebody looks closely, as `dekigoto-lambda` does when `AWS_LAMBDA_LOG_LEVEL` is `DEBUG`.
///
/// They are not at level debug, so that a build can leave the debug lines of all libraries out, and keep these.
pub const STEADY: &str = "dekigoto::steady";

/// What a function did with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// The events of a command were stored.
    Commit,
    /// A commit was published to topic and bus.
    Publish,
    /// A view shows an event.
    Apply,
    /// A policy handled an event.
    Handle,
}

impl Hop {
    /// Every hop.
    pub const ALL: [Self; 4] = [Self::Commit, Self::Publish, Self::Apply, Self::Handle];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Publish => "publish",
            Self::Apply => "apply",
            Self::Handle => "handle",
        }
    }

    /// The hop of that word.
    ///
    /// ```
    /// use dekigoto::trace::Hop;
    /// assert!(Hop::ALL.iter().all(|hop| Hop::named(hop.name()) == Some(*hop)));
    /// assert_eq!(Hop::named("jump"), None);
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hop| hop.name() == name)
    }
}
