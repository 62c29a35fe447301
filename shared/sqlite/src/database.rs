//! A database file.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use dekigoto::StoreFailure;
use rusqlite::{Connection, OpenFlags};

use crate::{
    SqliteEventStore, SqliteOutbox, SqliteParking, SqliteViewStore,
    connection::{Caller, in_savepoint, reader, writer},
    failure::OpenError,
    last_entry::LastEntry,
    lock,
    schema::{catch_up, configure, create, is_empty},
};

/// An open database file. Its stores share it. It closes when the last of them is dropped.
#[derive(Clone)]
pub struct Database(Arc<Open>);

struct Open {
    writer: Caller,
    reader: Caller,
    /// Reads the whole store. Other reads would wait behind its pages.
    scanner: Caller,
    /// For reads of a few rows, on the thread of whoever wants them.
    at_once: Mutex<Connection>,
    last_entry: LastEntry,
    path: PathBuf,
    /// Keeps other processes out. Dropped last, after the connections are closed.
    _lock: File,
}

impl Database {
    /// Opens the file, or creates it and its folder. Entries of the outbox that a process leased before it ended are due
    /// at once.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_within(path, None)
    }

    /// The same, for a file that may not grow over so many bytes. At the limit, writing fails as on a full disk.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open_within(path: impl AsRef<Path>, bytes_max: Option<u64>) -> Result<Self, OpenError> {
        let (path, lock) = lock::take(path.as_ref())?;
        let failed = |cause| OpenError::of(&path, cause);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut writing = Connection::open_with_flags(&path, flags).map_err(failed)?;
        // Before anything that would change a file that is not ours.
        let is_empty = is_empty(&writing, &path)?;
        configure(&writing).map_err(failed)?;
        if is_empty {
            create(&mut writing).map_err(failed)?;
        }
        catch_up(&writing).map_err(failed)?;
        // The lock is ours, so whoever leased them has ended.
        writing.execute("update outbox set due = 0 where due > 0", []).map_err(failed)?;
        limit(&writing, bytes_max).map_err(failed)?;
        let reading = || {
            let reading = Connection::open_with_flags(&path, flags)?;
            configure(&reading)?;
            reading.pragma_update(None, "query_only", true)?;
            Ok(reading)
        };
        let at_once = Mutex::new(reading().map_err(failed)?);
        let (few, whole) = (reading().map_err(failed)?, reading().map_err(failed)?);
        let not_started = |cause: std::io::Error| OpenError::NotWritable {
            path: path.clone(),
            cause: format!("no thread can be started: {cause}"),
        };
        let writer = writer(writing).map_err(not_started)?;
        let scanner = reader("sqlite-scanner", whole).map_err(not_started)?;
        let reader = reader("sqlite-reader", few).map_err(not_started)?;
        Ok(Self(Arc::new(Open {
            writer,
            reader,
            scanner,
            at_once,
            last_entry: LastEntry::default(),
            path,
            _lock: lock,
        })))
    }

    /// Deletes the file, if it is a database of this crate or damaged, and no process has it open.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn delete(path: impl AsRef<Path>) -> Result<(), OpenError> {
        let (path, _lock) = lock::take(path.as_ref())?;
        match Self::inspect(&path) {
            Ok(()) | Err(OpenError::Damaged { .. } | OpenError::Version { .. }) => {}
            Err(
                other @ (OpenError::InUse { .. }
                | OpenError::NotWritable { .. }
                | OpenError::Foreign { .. }
                | OpenError::Other { .. }),
            ) => return Err(other),
        }
        // SQLite keeps what is not yet in the file beside it.
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            match fs::remove_file(&name) {
                Err(cause) if cause.kind() != ErrorKind::NotFound => {
                    return Err(OpenError::NotWritable { path, cause: cause.to_string() });
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Checks that a file is ours or does not exist.
    fn inspect(path: &Path) -> Result<(), OpenError> {
        if !path.exists() {
            return Ok(());
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE);
        is_empty(&connection.map_err(|cause| OpenError::of(path, cause))?, path).map(|_| ())
    }

    /// The thread that writes.
    pub(crate) fn writer(&self) -> &Caller {
        &self.0.writer
    }

    /// What gives ids to entries of the outbox.
    pub(crate) fn last_entry(&self) -> LastEntry {
        self.0.last_entry.clone()
    }

    /// The thread that reads.
    pub(crate) fn reader(&self) -> &Caller {
        &self.0.reader
    }

    /// The thread that reads the whole store.
    pub(crate) fn scanner(&self) -> &Caller {
        &self.0.scanner
    }

    /// Reads a few rows at once, if nobody else does: to wake the thread that reads takes longer. On two cores it took 100 of
    /// the 300 microseconds of a command.
    pub(crate) async fn read_few<T, E>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreFailure> + Send + 'static,
    {
        if let Ok(connection) = self.0.at_once.try_lock() {
            return in_savepoint(operation, &connection, work);
        }
        self.reader().call(operation, work).await
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The event store.
    #[must_use]
    pub fn events(&self) -> SqliteEventStore {
        SqliteEventStore(self.clone())
    }

    /// The outbox of the event store.
    #[must_use]
    pub fn outbox(&self) -> SqliteOutbox {
        SqliteOutbox(self.clone())
    }

    /// The view store.
    #[must_use]
    pub fn views(&self) -> SqliteViewStore {
        SqliteViewStore(self.clone())
    }

    /// Where to park what cannot be handled.
    #[must_use]
    pub fn parking(&self) -> SqliteParking {
        SqliteParking(self.clone())
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("path", &self.0.path).finish_non_exhaustive()
    }
}

/// Limits the file. SQLite counts pages.
fn limit(connection: &Connection, bytes_max: Option<u64>) -> rusqlite::Result<()> {
    let Some(bytes_max) = bytes_max else {
        return Ok(());
    };
    let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = bytes_max / page.max(1);
    // This pragma answers with the new limit.
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    #[expect(clippy::await_holding_lock, reason = "this is the read that goes on meanwhile")]
    async fn a_read_of_a_few_rows_waits_for_no_other_read() {
        let folder = std::env::temp_dir().join(format!("dekigoto-at-once-{}", std::process::id()));
        let database = Database::open(folder.join("db")).unwrap();
        let name = |_: &Connection| {
            Ok::<_, StoreFailure>(std::thread::current().name().map(str::to_owned))
        };
        let here = std::thread::current().name().map(str::to_owned);
        assert_eq!(database.read_few("test", name).await.unwrap(), here);
        let other = database.0.at_once.lock().unwrap();
        let reader = Some("sqlite-reader".to_owned());
        assert_eq!(database.read_few("test", name).await.unwrap(), reader);
        drop(other);
        drop(database);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn a_read_does_not_wait_behind_a_page_of_a_scan() {
        let folder = std::env::temp_dir().join(format!("dekigoto-scan-{}", std::process::id()));
        let database = Database::open(folder.join("db")).unwrap();
        let (end, ended) = std::sync::mpsc::channel();
        let page = move |_: &Connection| Ok::<_, StoreFailure>(ended.recv().is_ok());
        let read = async {
            database.reader().call("test", |_| Ok::<_, StoreFailure>(())).await.unwrap();
            end.send(()).unwrap();
        };
        let both = futures_util::future::join(database.scanner().call("test", page), read);
        let (page, ()) = tokio::time::timeout(Duration::from_secs(10), both).await.unwrap();
        assert!(page.unwrap());
        drop(database);
        fs::remove_dir_all(&folder).unwrap();
    }
}
