//! The tables are brought forward by a command of an operator, and by nothing else.

use dekigoto::{AppendError, EventStore as _, Head, ReadError, ReadFrom};
use dekigoto_postgres::SCHEMA_VERSION;
use dekigoto_testkit::{commit, stream};

use crate::server::{Tables, tables};

async fn set_version(tables: &Tables, version: i32) {
    let set = format!("insert into {}.versions (version) values ({version})", tables.schema);
    tables.client.batch_execute(&set).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn tables_of_before_keep_their_commits_when_they_are_brought_forward() {
    for version in 1..SCHEMA_VERSION {
        are_brought_forward_from(version).await;
    }
}

async fn are_brought_forward_from(version: i32) {
    let tables = tables().await;
    let store = tables.postgres.events();
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    store.append(&first).await.unwrap();
    let undo = [
        "drop function {}.append; alter table {}.parked drop column once;",
        "drop function {}.read_down, {}.read_up;",
    ];
    let undone = undo.iter().skip(usize::try_from(version - 1).unwrap());
    let back: String = undone.copied().collect();
    let back = format!("{back} delete from {{}}.versions where version > {version}");
    tables.client.batch_execute(&back.replace("{}", &tables.schema)).await.unwrap();
    let Err(ReadError::Broken(cause)) = store.read(&stream("a"), ReadFrom::Newest, 9).await else {
        panic!("read from tables of version {version}")
    };
    assert!(cause.to_string().contains("run the migrations"), "{cause}");
    let second = commit(&first.head(), "key-2", &[2]);
    if version < 2 {
        match store.append(&second).await {
            Err(AppendError::Broken(cause)) => {
                assert!(cause.to_string().contains("run the migrations"), "{cause}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tables.postgres.migrate().await.unwrap(), version);
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
    let newer = format!("version {}", SCHEMA_VERSION + 1);
    assert!(refused.contains(&newer) && refused.contains("newer program"), "{refused}");
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
    let wanted = format!(
        "the tables have version 0, and this program needs version {SCHEMA_VERSION}: run dekigoto migrate"
    );
    assert_eq!(missing, wanted);
    assert_eq!(elsewhere.version().await.unwrap(), 0);
    let versions = format!("{}.versions", tables.schema);
    tables.client.batch_execute(&format!("delete from {versions}")).await.unwrap();
    assert_eq!(tables.postgres.expect_current().await.unwrap_err().to_string(), wanted);
    set_version(&tables, SCHEMA_VERSION + 1).await;
    let refused = tables.postgres.expect_current().await.unwrap_err().to_string();
    let newer = format!("version {}", SCHEMA_VERSION + 1);
    assert!(refused.contains(&newer) && refused.contains("newer program"), "{refused}");
}
