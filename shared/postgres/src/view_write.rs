//! Writes rows over their previous revisions: all of them or none, in one statement.

use crate::{
    Postgres,
    session::{Param, param},
    view_row::{COLUMNS, INDEXES, existing},
};
use dekigoto::{Index, Row, StoreFailure, ViewError};

const WRITE: &str = "PostgreSQL write of rows";

/// Writes the rows. A statement is a transaction: it divides by zero, and so undoes itself, when a row has not the
/// revision that was expected. It locks rows in the order of their keys, so that two writers do not wait for each other.
pub(crate) async fn write(postgres: &Postgres, rows: &[Row]) -> Result<(), ViewError> {
    if rows.is_empty() {
        return Ok(());
    }
    if rows.iter().any(|row| row.revision == 0) {
        return Err(StoreFailure::broken(WRITE, "a row's first revision is 1").into());
    }
    let revisions = rows.iter().map(|row| i64::try_from(row.revision));
    // No stored revision is larger, so no row can be the one before.
    let revisions: Vec<i64> =
        revisions.collect::<Result<_, _>>().map_err(|_| ViewError::Conflict)?;
    let texts = texts(rows)?;
    let mut params: Vec<Param<'_>> = vec![param::int8s(&revisions)];
    params.extend(texts.iter().map(|column| param::texts(column)));
    let statement = statement(&postgres.schema().to_string());
    match postgres.query(WRITE, &statement, &params).await {
        Ok(_) => Ok(()),
        Err(failed) if failed.is_division => Err(ViewError::Conflict),
        Err(failed) => Err(failed.failure.into()),
    }
}

/// The columns of text, in the order of the statement's values.
fn texts(rows: &[Row]) -> Result<Vec<Vec<Option<&str>>>, StoreFailure> {
    for index in rows.iter().flat_map(|row| row.indexes.keys()) {
        existing(WRITE, *index)?;
    }
    let mut columns = vec![
        rows.iter().map(|row| Some(row.key.partition.as_str())).collect::<Vec<_>>(),
        rows.iter().map(|row| Some(row.key.sort.as_str())).collect(),
        rows.iter().map(|row| Some(row.body.as_str())).collect(),
    ];
    for index in (1..=INDEXES).map(Index) {
        columns.push(
            rows.iter().map(|row| Some(row.indexes.get(&index)?.partition.as_str())).collect(),
        );
        columns.push(rows.iter().map(|row| Some(row.indexes.get(&index)?.sort.as_str())).collect());
    }
    Ok(columns)
}

fn statement(schema: &str) -> String {
    let places: Vec<String> =
        (1..=INDEXES).map(|it| format!("p{it} = w.p{it}, s{it} = w.s{it}")).collect();
    let places = places.join(", ");
    format!(
        "with w as (
           select partition, sort, rev, body, p1, s1, p2, s2, p3, s3, p4, s4
           from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
           as w(rev, partition, sort, body, p1, s1, p2, s2, p3, s3, p4, s4)),
         n as (
           insert into {schema}.rows ({COLUMNS}) select {COLUMNS} from w where rev = 1
           order by partition collate \"C\", sort collate \"C\" on conflict do nothing returning 1),
         l as (
           select r.partition, r.sort from {schema}.rows r join w using (partition, sort) where w.rev > 1
           order by 1, 2 for update of r),
         u as (
           update {schema}.rows r set rev = w.rev, body = w.body, {places}
           from w join l using (partition, sort)
           where r.partition = w.partition and r.sort = w.sort and w.rev > 1 and r.rev = w.rev - 1
           returning 1)
         select 1 / ((select count(*) from n) + (select count(*) from u) = (select count(*) from w))::int"
    )
}
