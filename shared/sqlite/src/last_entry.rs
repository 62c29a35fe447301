//! The ids of the outbox's entries.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use rusqlite::Connection;

/// The largest id that an entry got since the file was opened. Clones share it, and only the thread that writes uses it.
///
/// In memory, because SQLite's own memory of it (`autoincrement`) costs each commit one more page. Nobody holds an id for
/// longer: one process has the file, and a relay holds it open.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastEntry(Arc<AtomicI64>);

impl LastEntry {
    /// Writes an entry that is due. Its id is larger than those of all entries that are there, and of all that were there
    /// since the file was opened. So a relay that is late deletes no other entry, and the oldest go first.
    pub(crate) fn insert(
        &self,
        connection: &Connection,
        pk: &str,
        sk: i64,
        targets: Option<&str>,
    ) -> rusqlite::Result<()> {
        // Entries that an earlier process or another program left count too.
        let statement = "insert into outbox (id, pk, sk, targets)
             values (max(?1, (select coalesce(max(id), 0) from outbox)) + 1, ?2, ?3, ?4)";
        let values = (self.0.load(Relaxed), pk, sk, targets);
        connection.prepare_cached(statement)?.execute(values)?;
        self.0.store(connection.last_insert_rowid(), Relaxed);
        Ok(())
    }
}
