//! Errors of PostgreSQL, sorted by what to do next.

use dekigoto::{FailureKind as Kind, StoreFailure};
use tokio_postgres::{
    Error,
    error::{DbError, SqlState},
};

/// Sorts an error of a statement.
pub(crate) fn failure_of(operation: &'static str, error: &Error) -> StoreFailure {
    match error.as_db_error() {
        Some(refusal) => {
            let (kind, advice) = meaning(refusal.code());
            StoreFailure::new(kind, operation, describe(refusal, advice))
        }
        // The connection broke: the statement may have been carried out.
        None if error.is_closed() || is_io(error) => {
            StoreFailure::new(Kind::Unknown, operation, text(error))
        }
        None => StoreFailure::broken(operation, text(error)),
    }
}

/// Sorts an error of connecting: no statement was sent.
pub(crate) fn not_connected(error: &Error) -> StoreFailure {
    let operation = "PostgreSQL connect";
    let failure = failure_of(operation, error);
    match failure.kind {
        Kind::Unknown => StoreFailure { kind: Kind::Busy, ..failure },
        Kind::Busy | Kind::TooLarge | Kind::Broken => failure,
    }
}

/// Whether the session cannot be used any more, or is one that cannot write.
pub(crate) fn ends_session(error: &Error) -> bool {
    let is_fatal = |code: &SqlState| {
        let ends = ["08", "57P"].iter().any(|class| code.code().starts_with(class));
        // After a fail-over, the old writer is a reader: a new connection finds the new writer.
        ends || *code == SqlState::READ_ONLY_SQL_TRANSACTION
    };
    match error.code() {
        Some(code) => is_fatal(code),
        None => true,
    }
}

fn meaning(code: &SqlState) -> (Kind, &'static str) {
    match code.code() {
        "40001" | "40P01" => (Kind::Busy, "other transactions were in the way: try again"),
        "55P03" | "57014" => (Kind::Busy, "it took too long and was undone: try again"),
        "53100" => (Kind::Busy, "nothing was written: free space on the server's disk"),
        "25006" => (Kind::Busy, "this server only reads: connect to the writer"),
        "57P03" => (Kind::Busy, "the server is starting or stopping: try again"),
        "54000" => (Kind::TooLarge, "it is larger than the server can store"),
        "22021" | "22P05" => (Kind::Broken, "PostgreSQL stores no text with a NUL character"),
        "28P01" | "28000" => (Kind::Broken, "check the user and the password"),
        "3D000" => (Kind::Broken, "check the name of the database"),
        "42501" => (Kind::Broken, "this role may not do that: check its grants"),
        "3F000" | "42P01" | "42703" | "42883" => {
            (Kind::Broken, "the tables are older than this program: run the migrations")
        }
        other if other.starts_with("53") => (Kind::Busy, "the server has no room: try again"),
        // The server ended the session. Before its last word the statement may have been carried out.
        other if other.starts_with("08") || other.starts_with("57P") => {
            (Kind::Unknown, "the connection ended")
        }
        _ => (Kind::Broken, "this is a bug, or the tables were changed"),
    }
}

/// Without the server's details, which repeat values of rows.
fn describe(refusal: &DbError, advice: &str) -> String {
    format!("{} {} ({advice})", refusal.code().code(), refusal.message())
}

fn is_io(error: &Error) -> bool {
    use std::error::Error as _;
    error.source().is_some_and(|it| it.is::<std::io::Error>())
}

fn text(error: &Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
