//! What RDS Proxy sees of a function: one connection, whose statements have no name and take one round trip each.

use std::time::Duration;

use dekigoto::{
    AppendError, EventStore as _, Head, Parking as _, Payload, ReadFrom, Row, RowKey,
    ViewStore as _,
    outbox::{Order, Outbox as _},
};
use dekigoto_postgres::Postgres;
use dekigoto_testkit::{commit, stream};

use crate::{
    proxy::Proxy,
    server::{tables, url},
};

/// RDS Proxy pins a session for a longer statement.
const STATEMENT_BYTES_MAX: usize = 16 * 1024;

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn every_call_is_one_statement_without_a_name_in_one_round_trip_on_one_connection() {
    let tables = tables().await;
    let proxy = Proxy::start(&url()).await;
    let postgres = Postgres::new(&proxy.url, None).unwrap();
    let postgres = postgres.in_schema(tables.schema.parse().unwrap());
    let (events, views, outbox) = (postgres.events(), postgres.views(), postgres.outbox());
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    let row = |sort: &str| {
        let body = Payload::of("x").unwrap();
        Row { key: RowKey::new("p", sort), revision: 1, body, indexes: [].into() }
    };
    events.append(&first).await.unwrap();
    events.read(&stream("a"), ReadFrom::Newest, 32).await.unwrap();
    views.write(&[row("a"), row("b")]).await.unwrap();
    views.read(&[RowKey::new("p", "a"), RowKey::new("p", "b")]).await.unwrap();
    let leased = outbox.lease(1, Duration::ZERO, Order::PerStream).await.unwrap();
    outbox.done(&[leased[0].id]).await.unwrap();
    postgres.parking().park("x", "y").await.unwrap();
    let calls = 7;

    let requests = proxy.requests();
    assert_eq!(requests.len(), 1, "one connection");
    let of = |kind: char| requests[0].iter().filter(move |(it, _)| *it == kind);
    assert_eq!((of('P').count(), of('S').count()), (calls, calls), "statements, round trips");
    assert_eq!(of('Q').count(), 0, "no simple query, such as SET");
    for (_, parse) in of('P') {
        // The name ends with the first NUL.
        assert!(parse.starts_with('\0'), "{parse}");
        assert!(parse.len() < STATEMENT_BYTES_MAX, "{} bytes", parse.len());
    }

    // The place is taken: the statement that waited for it cannot see who has it, so there is a second.
    let other = commit(&Head::empty(stream("a")), "key-2", &[2]);
    let refused = events.append(&other).await;
    assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{refused:?}");
    let syncs = proxy.requests()[0].iter().filter(|(kind, _)| *kind == 'S').count();
    assert_eq!(syncs, calls + 2);
}
