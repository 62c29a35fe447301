//! No role may do what its code cannot.

use std::time::Duration;

use dekigoto::{
    EventStore as _, Head, Parking as _, Payload, Pointer, ReadFrom, RetryQueue as _, Row, RowKey,
    ViewStore as _,
    outbox::{Order, Outbox as _},
    replay::ReplaySource as _,
};
use dekigoto_postgres::Postgres;
use dekigoto_testkit::{commit, stream};

use crate::server::{Tables, tables, url};

fn as_role(tables: &Tables, role: &str) -> Postgres {
    let url = format!("{}?options=-c%20role%3D{role}", url());
    Postgres::new(&url, None).unwrap().in_schema(tables.schema.parse().unwrap())
}

/// What only an operator may do, who migrates.
const OPERATORS: [&str; 4] = [
    "insert into {}.versions (version) values (9)",
    "create table {}.mine (x int)",
    "drop table {}.commits",
    "alter table {}.commits add column x text",
];

/// Each statement is refused for want of a permission, and so is what an operator does.
async fn check_forbidden(tables: &Tables, role: &str, statements: &[&str]) {
    tables.client.batch_execute(&format!("set role {role}")).await.unwrap();
    for statement in statements.iter().chain(&OPERATORS) {
        let statement = statement.replace("{}", &tables.schema);
        let refused = tables.client.batch_execute(&statement).await.unwrap_err();
        let code = refused.code().map(|it| it.code().to_owned());
        assert_eq!(code.as_deref(), Some("42501"), "{role}: {statement}: {refused}");
    }
    tables.client.batch_execute("reset role").await.unwrap();
}

fn row() -> Row {
    let body = Payload::of("x").unwrap();
    Row { key: RowKey::new("p", "s"), revision: 1, body, indexes: [].into() }
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn the_api_may_append_and_read_and_can_change_no_commit_s3() {
    let tables = tables().await;
    let api = as_role(&tables, "dekigoto_api");
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    api.events().append(&first).await.unwrap();
    api.events().append(&first).await.unwrap();
    assert_eq!(api.events().read(&stream("a"), ReadFrom::Newest, 1).await.unwrap(), [first]);
    api.views().write(&[row()]).await.unwrap();
    let forbidden = [
        "update {}.commits set ev = '[]'",
        "delete from {}.commits",
        "truncate {}.commits",
        "select * from {}.outbox",
        "update {}.outbox set due = now()",
        "delete from {}.outbox",
        "select * from {}.parked",
        "delete from {}.rows",
    ];
    check_forbidden(&tables, "dekigoto_api", &forbidden).await;
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn the_relay_may_publish_and_can_append_nothing() {
    let tables = tables().await;
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    tables.postgres.events().append(&first).await.unwrap();
    let relay = as_role(&tables, "dekigoto_relay");
    let leased = relay.outbox().lease(1, Duration::ZERO, Order::PerStream).await.unwrap();
    relay.outbox().put_back(leased[0].id, Duration::ZERO).await.unwrap();
    relay.outbox().put(&[Pointer::to(&first)]).await.unwrap();
    relay.outbox().done(&[leased[0].id]).await.unwrap();
    relay.parking().park("x", "y").await.unwrap();
    assert_eq!(relay.events().read(&stream("a"), ReadFrom::Newest, 1).await.unwrap(), [first]);
    let forbidden = [
        "insert into {}.commits select * from {}.commits",
        "update {}.commits set ev = '[]'",
        "delete from {}.commits",
        "select * from {}.rows",
        "delete from {}.parked",
    ];
    check_forbidden(&tables, "dekigoto_relay", &forbidden).await;
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn the_projector_may_write_rows_and_read_commits_only() {
    let tables = tables().await;
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    tables.postgres.events().append(&first).await.unwrap();
    let projector = as_role(&tables, "dekigoto_projector");
    assert_eq!(projector.events().read(&stream("a"), ReadFrom::Newest, 1).await.unwrap(), [first]);
    projector.views().write(&[row()]).await.unwrap();
    projector.views().write(&[Row { revision: 2, ..row() }]).await.unwrap();
    projector.events().scan(0, 1, None, 1).await.unwrap();
    projector.parking().park("x", "y").await.unwrap();
    let forbidden = [
        "insert into {}.commits select * from {}.commits",
        "select * from {}.outbox",
        "insert into {}.outbox (pk, sk) values ('x', 1)",
        "delete from {}.rows",
    ];
    check_forbidden(&tables, "dekigoto_projector", &forbidden).await;
}
