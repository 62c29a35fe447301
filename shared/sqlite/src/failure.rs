//! Errors of SQLite, sorted by what to do next.

use std::path::{Path, PathBuf};

use dekigoto::{FailureKind as Kind, StoreFailure};
use rusqlite::{Error, ErrorCode};

/// Why a database could not be opened. Each text says what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields' names say it")]
pub enum OpenError {
    /// Another process has it open.
    #[error("{} is in use by another process. Stop that process, or choose another file", path.display())]
    InUse { path: PathBuf },
    /// The file or its folder cannot be written.
    #[error("{} cannot be written ({cause}). Allow it, or choose a file in another folder", path.display())]
    NotWritable { path: PathBuf, cause: String },
    /// The file is not a database, or is damaged.
    #[error(
        "{} is damaged ({cause}). It was not changed: restore a copy, or move it away and begin anew",
        path.display()
    )]
    Damaged { path: PathBuf, cause: String },
    /// The file is a database of another program.
    #[error("{} is a database of another program. It was not changed: choose another file", path.display())]
    Foreign { path: PathBuf },
    /// The tables are of another version.
    #[error(
        "{} has tables of version {found}, and this program knows version {known}. Use the program that wrote it, \
         or choose another file",
        path.display()
    )]
    Version { path: PathBuf, found: i64, known: i64 },
    /// Another error of SQLite.
    #[error("{} cannot be opened: {cause}", path.display())]
    Other { path: PathBuf, cause: Error },
}

impl OpenError {
    pub(crate) fn of(path: &Path, cause: Error) -> Self {
        let path = path.to_owned();
        match cause.sqlite_error_code() {
            Some(code) if is_damage(code) => Self::Damaged { path, cause: cause.to_string() },
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::NotWritable { path, cause: cause.to_string() }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path },
            Some(_) | None => Self::Other { path, cause },
        }
    }
}

/// Sorts an error of a statement.
pub(crate) fn failure_of(operation: &'static str, error: &Error) -> StoreFailure {
    let Some(code) = error.sqlite_error_code() else {
        return StoreFailure::broken(operation, error.to_string());
    };
    let (kind, advice) = match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            (Kind::Busy, "another program holds the file: end its transaction")
        }
        // What was acknowledged is safe, and everything goes on when there is space again.
        ErrorCode::DiskFull => (Kind::Busy, "nothing was written: free space on the disk"),
        ErrorCode::TooBig => (Kind::TooLarge, "it is larger than SQLite can store"),
        ErrorCode::SystemIoFailure => (Kind::Unknown, "look at the disk and at the system's log"),
        code if is_damage(code) => (Kind::Broken, "the file is damaged: stop, and restore a copy"),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
            (Kind::Broken, "allow writing to the file and its folder")
        }
        _ => (Kind::Broken, "this is a bug, or the tables were changed"),
    };
    StoreFailure::new(kind, operation, format!("{error} ({advice})"))
}

/// Whether the file is not, or is no longer, a database.
pub(crate) fn is_damage(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
}
