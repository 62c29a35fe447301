//! A commit as a row.

use dekigoto::{Commit, Corrupt, Fingerprint, StoreFailure, StoredCommit};
use rusqlite::{Row, types::FromSql};
use sha2::{Digest as _, Sha256};

/// The columns that a row of [`commit_of`] begins with, in their order.
pub(crate) const COLUMNS: &str = "pk, sk, v, at, ev, key, fp, act, cor, cau, tp, sn";

/// The segment of a stream: the first byte of its key's digest.
pub(crate) fn segment(stream_key: &str) -> u8 {
    Sha256::digest(stream_key.as_bytes()).first().copied().unwrap_or_default()
}

/// A number as SQLite stores it.
pub(crate) fn signed(operation: &'static str, number: u64) -> Result<i64, StoreFailure> {
    let too_large = |_| StoreFailure::broken(operation, "a number over 2^63");
    i64::try_from(number).map_err(too_large)
}

/// Decodes a row, or says which row is not a commit, and why. Nothing is guessed.
pub(crate) fn commit_of(row: &Row<'_>) -> Result<Commit, Corrupt> {
    Commit::try_from(stored(row)?)
}

fn stored(row: &Row<'_>) -> Result<StoredCommit, Corrupt> {
    let mut columns = Columns { row, next: 0 };
    Ok(StoredCommit {
        pk: columns.next()?,
        sk: columns.next_number()?,
        v: columns.next_number()?,
        at: columns.next()?,
        ev: columns.next()?,
        key: columns.next()?,
        fp: columns.next_fingerprint()?,
        act: columns.next()?,
        cor: columns.next()?,
        cau: columns.next()?,
        tp: columns.next()?,
        sn: columns.next()?,
    })
}

/// Reads the columns in their order: to find each by its name would take longer than to decode it.
struct Columns<'a, 'b> {
    row: &'a Row<'b>,
    next: usize,
}

impl Columns<'_, '_> {
    fn next<T: FromSql>(&mut self) -> Result<T, Corrupt> {
        let place = self.next;
        self.next += 1;
        // rusqlite's errors name places and types, never values.
        self.row.get(place).map_err(|cause| self.corrupt(&cause))
    }

    fn next_number(&mut self) -> Result<u64, Corrupt> {
        let signed: i64 = self.next()?;
        u64::try_from(signed).map_err(|_| self.corrupt(&"negative"))
    }

    fn next_fingerprint(&mut self) -> Result<Fingerprint, Corrupt> {
        let text: String = self.next()?;
        serde_json::from_value(text.into()).map_err(|cause| self.corrupt(&cause))
    }

    /// What is wrong with the column that was read last.
    fn corrupt(&self, cause: &dyn std::fmt::Display) -> Corrupt {
        let names = COLUMNS.split(", ").take(self.next);
        corrupt(self.row, &format!("column {}: {cause}", names.last().unwrap_or_default()))
    }
}

fn corrupt(row: &Row<'_>, what: &str) -> Corrupt {
    Corrupt {
        stream: row.get("pk").unwrap_or_else(|_| "?".to_owned()),
        ordinal: row.get::<_, i64>("sk").ok().and_then(|sk| u64::try_from(sk).ok()),
        what: what.to_owned(),
    }
}
