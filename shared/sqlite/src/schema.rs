//! The tables of a file, and the pragmas of a connection.

use std::path::Path;

use rusqlite::{Connection, config::DbConfig};

use crate::failure::OpenError;

/// Secondary indexes that the rows of views can stand in.
pub const INDEXES: u8 = 4;

/// Marks a file as ours: "deki" in ASCII.
const APPLICATION_ID: i64 = 0x6465_6b69;

/// The version of the tables.
const SCHEMA_VERSION: i64 = 1;

/// How long a call waits for another program that holds the file, such as the `sqlite3` shell.
const BUSY_MS_MAX: u32 = 5_000;

/// Statements that a connection keeps parsed: more than it has.
const STATEMENTS_MAX: usize = 64;

/// Pages of 4 KiB that the log takes before they are copied to the file. Every writer waits for that copy, and a page that
/// changed often is copied once. A rebuild, which changes pages all over the table of rows, is a seventh faster than with
/// SQLite's 1,000.
const WAL_PAGES: i64 = 4_000;

/// Memory that a connection keeps pages in: the inner pages of the indexes of a million rows.
const CACHE_KIB_MAX: i64 = 8_000;

const SCHEMA: &str = include_str!("schema.sql");

/// Makes commits durable before they are acknowledged, and lets readers read while a writer writes.
pub(crate) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "busy_timeout", BUSY_MS_MAX)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    // On macOS, only this waits for the disk.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // What a savepoint would undo: for the rows of a batch it would be a temporary file.
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    // A negative number counts KiB.
    connection.pragma_update(None, "cache_size", -CACHE_KIB_MAX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Otherwise SQLite plans a statement with `limit ?` again each time it runs, in case its number changes the plan.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
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

/// Brings the tables of an older program up to date. That program can still use them.
pub(crate) fn catch_up(connection: &Connection) -> rusqlite::Result<()> {
    // Every commit would pay for it.
    connection.execute("drop index if exists outbox_by_due", [])?;
    let columns = "select count(*) from pragma_table_info('parked') where name = 'once'";
    if connection.query_row(columns, [], |row| row.get::<_, i64>(0))? == 0 {
        connection.execute("alter table parked add column once text", [])?;
        connection.execute("create unique index parked_once on parked (once)", [])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use dekigoto::StoreFailure;
    use rusqlite::{Connection, StatementStatus};

    use super::{SCHEMA, catch_up, configure};
    use crate::Database;

    #[test]
    fn a_statement_with_a_limit_is_planned_once() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        configure(&connection).unwrap();
        let text = "select body from rows where partition = ?1 and sort > ?2 limit ?3";
        let mut statement = connection.prepare(text).unwrap();
        for limit in 1..5 {
            assert!(statement.query(("p", "s", limit)).unwrap().next().unwrap().is_none());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }

    /// Killing a process does not show it: what it wrote is then still in the system's memory.
    #[tokio::test]
    async fn a_commit_waits_for_the_disk_s3() {
        let folder = std::env::temp_dir().join(format!("dekigoto-durable-{}", std::process::id()));
        let database = Database::open(folder.join("db")).unwrap();
        let pragmas = |it: &Connection| {
            let number = |pragma| it.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
            let mode = it.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
            Ok::<_, StoreFailure>((mode, number("synchronous"), number("fullfsync")))
        };
        let found = database.writer().call("test", pragmas).await.unwrap();
        assert_eq!(found, (Ok("wal".to_owned()), Ok(2), Ok(1)));
        drop(database);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn tables_of_an_older_program_get_what_they_lack_and_keep_their_rows() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        let older = "drop index parked_once; alter table parked drop column once;
                     create index outbox_by_due on outbox (due);
                     insert into parked (at, body, reason) values (1, 'b', 'r')";
        connection.execute_batch(older).unwrap();
        for _ in 0..2 {
            catch_up(&connection).unwrap();
        }
        let text = "insert into parked (at, body, reason, once) values (1, 'c', 'r', 'x') on conflict (once) do nothing";
        assert_eq!((connection.execute(text, []), connection.execute(text, [])), (Ok(1), Ok(0)));
        let count = |text| connection.query_row(text, [], |row| row.get::<_, i64>(0));
        assert_eq!(count("select count(*) from parked where once is null"), Ok(1));
        let index = "select count(*) from sqlite_schema where name = 'outbox_by_due'";
        assert_eq!(count(index), Ok(0));
    }
}
