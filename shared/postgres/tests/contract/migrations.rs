//! The tables are brought forward by a command of an operator, and by nothing else.

use dekigoto::{AppendError, EventStore as _, Head, ReadFrom};
use dekigoto_postgres::SCHEMA_VERSION;
use dekigoto_testkit::{commit, stream};

use crate::server::{Tables, tables};

async fn set_version(tables: &Tables, version: i32) {
    let set = format!("insert into {}.versions (version) values ({version})", tables.schema);
    tables.client.batch_execute(&set).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn tables_of_version_1_keep_their_commits_when_they_are_brought_forward() {
    let tables = tables().await;
    let store = tables.postgres.events();
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    store.append(&first).await.unwrap();
    let back = "drop function {}.append; alter table {}.parked drop column once;
                delete from {}.versions where version > 1";
    tables.client.batch_execute(&back.replace("{}", &tables.schema)).await.unwrap();
    let second = commit(&first.head(), "key-2", &[2]);
    match store.append(&second).await {
        Err(AppendError::Broken(cause)) => {
            assert!(cause.to_string().contains("run the migrations"), "{cause}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(tables.postgres.migrate().await.unwrap(), 1);
    tables.postgres.expect_current().await.unwrap();
    store.append(&second).await.unwrap();
    let read = store.read(&stream("a"), ReadFrom::Newest, 9).await.unwrap();
    assert_eq!(read, [second, first]);
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn migrations_may_run_twice_at_once_and_refuse_newer_tables() {
    let tables = tables().await;
    let drop = format!("drop schema {} cascade", tables.schema);
    tables.client.batch_execute(&drop).await.unwrap();
    let again = tables.postgres.another();
    let (one, two) = tokio::join!(again.migrate(), tables.postgres.migrate());
    let mut found = [one.unwrap(), two.unwrap()];
    found.sort_unstable();
    assert_eq!(found, [0, SCHEMA_VERSION], "the second found what the first had made");
    set_version(&tables, SCHEMA_VERSION + 1).await;
    let refused = tables.postgres.migrate().await.unwrap_err().to_string();
    assert!(refused.contains("version 3") && refused.contains("newer program"), "{refused}");
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn the_version_of_the_tables_is_known_before_and_after_their_migration() {
    let tables = tables().await;
    assert_eq!(tables.postgres.version().await.unwrap(), SCHEMA_VERSION);
    let elsewhere = tables.postgres.in_schema("not_there".parse().unwrap());
    assert_eq!(elsewhere.version().await.unwrap(), 0);
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_program_refuses_tables_that_are_missing_older_or_newer_and_changes_nothing() {
    let tables = tables().await;
    tables.postgres.expect_current().await.unwrap();
    let elsewhere = tables.postgres.in_schema("not_there".parse().unwrap());
    let missing = elsewhere.expect_current().await.unwrap_err().to_string();
    let wanted =
        "the tables have version 0, and this program needs version 2: run dekigoto migrate";
    assert_eq!(missing, wanted);
    assert_eq!(elsewhere.version().await.unwrap(), 0);
    let versions = format!("{}.versions", tables.schema);
    tables.client.batch_execute(&format!("delete from {versions}")).await.unwrap();
    assert_eq!(tables.postgres.expect_current().await.unwrap_err().to_string(), wanted);
    set_version(&tables, SCHEMA_VERSION + 1).await;
    let newer = tables.postgres.expect_current().await.unwrap_err().to_string();
    assert!(newer.contains("version 3") && newer.contains("newer program"), "{newer}");
}
