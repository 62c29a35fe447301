//! The tables of a file, and the pragmas of a connection.

use std::path::Path;

use rusqlite::Connection;

use crate::failure::OpenError;

/// Secondary indexes that the rows of views can stand in.
pub const INDEXES: u8 = 4;

/// Marks a file as ours: "deki" in ASCII.
const APPLICATION_ID: i64 = 0x6465_6b69;

/// The version of the tables.
const SCHEMA_VERSION: i64 = 1;

/// How long a call waits for another program that holds the file, such as the `sqlite3` shell.
const BUSY_MS_MAX: u32 = 5_000;

const SCHEMA: &str = include_str!("schema.sql");

/// Makes commits durable before they are acknowledged, and lets readers read while a writer writes.
pub(crate) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "busy_timeout", BUSY_MS_MAX)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    // On macOS, only this waits for the disk.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "trusted_schema", false)
}

/// Checks that a file is ours, and changes nothing. Returns whether it is empty.
pub(crate) fn is_empty(connection: &Connection, path: &Path) -> Result<bool, OpenError> {
    let number = |statement| connection.query_row(statement, [], |row| row.get::<_, i64>(0));
    let failed = |cause| OpenError::of(path, cause);
    let application = number("pragma application_id").map_err(failed)?;
    if application == 0 && number("select count(*) from sqlite_schema").map_err(failed)? == 0 {
        return Ok(true);
    }
    if application != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let found = number("pragma user_version").map_err(failed)?;
    if found != SCHEMA_VERSION {
        return Err(OpenError::Version { path: path.to_owned(), found, known: SCHEMA_VERSION });
    }
    Ok(false)
}

/// Creates the tables in an empty file.
pub(crate) fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()
}
