//! A commit as a row.

use dekigoto::{Commit, Corrupt, StoreFailure, StoredCommit};
use sha2::{Digest as _, Sha256};
use tokio_postgres::{Row, types::FromSql};

/// The columns of a commit.
pub(crate) const COLUMNS: &str = "pk, sk, v, at, ev, key, fp, act, cor, cau, tp, sn";

/// The segment of a stream: the first byte of its key's digest.
pub(crate) fn segment(stream_key: &str) -> i16 {
    Sha256::digest(stream_key.as_bytes()).first().copied().unwrap_or_default().into()
}

/// A number as PostgreSQL stores it.
pub(crate) fn signed(operation: &'static str, number: u64) -> Result<i64, StoreFailure> {
    let too_large = |_| StoreFailure::broken(operation, "a number over 2^63");
    i64::try_from(number).map_err(too_large)
}

/// Decodes a row, or says which row is not a commit, and why. Nothing is guessed.
pub(crate) fn commit_of(row: &Row) -> Result<Commit, Corrupt> {
    let fingerprint: String = column(row, "fp")?;
    Commit::try_from(StoredCommit {
        pk: column(row, "pk")?,
        sk: number(row, "sk")?,
        v: number(row, "v")?,
        at: column(row, "at")?,
        ev: column(row, "ev")?,
        key: column(row, "key")?,
        fp: serde_json::from_value(fingerprint.into())
            .map_err(|cause| corrupt(row, &format!("column fp: {cause}")))?,
        act: column(row, "act")?,
        cor: column(row, "cor")?,
        cau: column(row, "cau")?,
        tp: column(row, "tp")?,
        sn: column(row, "sn")?,
    })
}

fn number(row: &Row, name: &str) -> Result<u64, Corrupt> {
    let signed: i64 = column(row, name)?;
    u64::try_from(signed).map_err(|_| corrupt(row, &format!("column {name} is negative")))
}

fn column<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, Corrupt> {
    // These errors name columns and types, never values.
    row.try_get(name).map_err(|cause| corrupt(row, &format!("column {name}: {cause}")))
}

fn corrupt(row: &Row, what: &str) -> Corrupt {
    Corrupt {
        stream: row.try_get("pk").unwrap_or_else(|_| "?".to_owned()),
        ordinal: row.try_get::<_, i64>("sk").ok().and_then(|sk| u64::try_from(sk).ok()),
        what: what.to_owned(),
    }
}
