//! Each error of the server, and of the way to it, becomes the port's error that says what to do next.

use std::time::Duration;

use dekigoto::{
    AppendError, Commit, EventStore as _, Head, Payload, ReadError, ReadFrom, Row, RowKey,
    StreamId, ViewError, ViewStore as _,
    outbox::{Order, Outbox as _},
};
use dekigoto_postgres::Postgres;
use dekigoto_testkit::{commit, stream};
use tokio::{net::TcpListener, time::timeout};

use crate::{
    proxy::{Proxy, Way},
    server::{Tables, client, tables, url},
};

fn first_of(id: &str) -> Commit {
    commit(&Head::empty(stream(id)), "key", &[1])
}

fn row() -> Row {
    let body = Payload::of("x").unwrap();
    Row { key: RowKey::new("p", "s"), revision: 1, body, indexes: [].into() }
}

/// The same tables, by another URL.
fn at(tables: &Tables, url: &str) -> Postgres {
    Postgres::new(url, None).unwrap().in_schema(tables.schema.parse().unwrap())
}

/// The same tables, with settings of the session.
fn with(tables: &Tables, settings: &str) -> Postgres {
    let settings = settings.replace(' ', "%20").replace('=', "%3D");
    at(tables, &format!("{}?options={settings}", url()))
}

/// Checks the kind and the text of all three ports' errors.
async fn check_busy(postgres: &Postgres, text: &str) {
    match postgres.events().append(&first_of("busy")).await {
        Err(AppendError::Throttled(cause)) => assert!(cause.to_string().contains(text), "{cause}"),
        other => panic!("{other:?}"),
    }
    match postgres.views().write(&[row()]).await {
        Err(ViewError::Unavailable(cause)) => assert!(cause.to_string().contains(text), "{cause}"),
        other => panic!("{other:?}"),
    }
}

async fn check_broken(postgres: &Postgres, text: &str) {
    match postgres.events().append(&first_of("broken")).await {
        Err(AppendError::Broken(cause)) => assert!(cause.to_string().contains(text), "{cause}"),
        other => panic!("{other:?}"),
    }
    match postgres.events().read(&stream("a"), ReadFrom::Newest, 1).await {
        Err(ReadError::Broken(cause)) => assert!(cause.to_string().contains(text), "{cause}"),
        other => panic!("{other:?}"),
    }
}

async fn entries(tables: &Tables) -> usize {
    let outbox = tables.postgres.outbox();
    outbox.lease(100, Duration::ZERO, Order::Any).await.unwrap().len()
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_lost_reply_is_unknown_and_the_same_append_then_succeeds_once_s3() {
    let tables = tables().await;
    let proxy = Proxy::start(&url()).await;
    let postgres = at(&tables, &proxy.url);
    postgres.events().append(&first_of("before")).await.unwrap();
    proxy.set(Way::LosesReplies);
    let lost = postgres.events().append(&first_of("a")).await;
    assert!(matches!(lost, Err(AppendError::Unknown(_))), "{lost:?}");
    proxy.set(Way::Open);
    postgres.events().append(&first_of("a")).await.unwrap();
    assert_eq!(entries(&tables).await, 2, "one entry for each commit");
}

/// It carries the append out, and says nothing more.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_server_that_never_answers_is_unknown_in_time_and_the_next_call_connects_again_s3() {
    let tables = tables().await;
    let proxy = Proxy::start(&url()).await;
    let postgres = at(&tables, &proxy.url);
    postgres.events().append(&first_of("before")).await.unwrap();
    proxy.set(Way::HoldsReplies);
    let events = postgres.events();
    let (first, in_time) = (first_of("a"), Duration::from_secs(7));
    let lost = timeout(in_time, events.append(&first)).await.expect("the client stops waiting");
    assert!(matches!(lost, Err(AppendError::Unknown(_))), "{lost:?}");
    proxy.set(Way::Open);
    events.append(&first).await.unwrap();
    assert_eq!(entries(&tables).await, 2, "one entry for each commit");
    assert_eq!(proxy.requests().len(), 2, "connections");
}

/// Nothing was sent to it.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_server_that_takes_a_connection_and_says_nothing_is_busy_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("postgres://postgres@{}/postgres", listener.local_addr().unwrap());
    let postgres = Postgres::new(&silent, None).unwrap();
    let (events, first) = (postgres.events(), first_of("a"));
    let refused = timeout(Duration::from_secs(5), events.append(&first)).await;
    match refused.expect("the client stops waiting") {
        Err(AppendError::Throttled(cause)) => {
            assert!(cause.to_string().contains("no answer; try again"), "{cause}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_connection_that_breaks_before_the_server_is_unknown_and_is_made_again_s3() {
    let tables = tables().await;
    let proxy = Proxy::start(&url()).await;
    let postgres = at(&tables, &proxy.url);
    postgres.events().append(&first_of("before")).await.unwrap();
    proxy.set(Way::LosesRequests);
    let lost = postgres.events().append(&first_of("a")).await;
    assert!(matches!(lost, Err(AppendError::Unknown(_))), "{lost:?}");
    assert_eq!(entries(&tables).await, 1);
    proxy.set(Way::Open);
    postgres.events().append(&first_of("a")).await.unwrap();
    assert_eq!(entries(&tables).await, 2);
}

/// It cannot be connected to, so nothing was sent.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn an_absent_server_is_busy() {
    let tables = tables().await;
    check_busy(&at(&tables, "postgres://postgres@127.0.0.1:1/postgres"), "PostgreSQL connect")
        .await;
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_session_that_the_server_ended_is_made_again() {
    let tables = tables().await;
    let postgres = with(&tables, "-c search_path=ended");
    postgres.events().append(&first_of("a")).await.unwrap();
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
               where pid <> pg_backend_pid() and query like '%append%' and query like $1";
    let ours = format!("%{}.%", tables.schema);
    tables.client.execute(end, &[&ours]).await.unwrap();
    let second = first_of("b");
    match postgres.events().append(&second).await {
        Ok(()) | Err(AppendError::Unknown(_)) => {}
        Err(other) => panic!("{other:?}"),
    }
    postgres.events().append(&second).await.unwrap();
    assert_eq!(entries(&tables).await, 2);
}

/// As after a fail-over, when the old writer is a reader: the next call connects again, and finds the writer.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_read_only_server_is_busy_until_a_new_connection_finds_a_writer() {
    let tables = tables().await;
    let user = format!("{}_user", tables.schema);
    let setting = async |change: &str| {
        tables.client.batch_execute(&change.replace("{}", &user)).await.unwrap();
    };
    setting("create role {} login superuser").await;
    setting("alter role {} set default_transaction_read_only = on").await;
    let postgres = at(&tables, &url().replace("postgres@", &format!("{user}@")));
    check_busy(&postgres, "connect to the writer").await;
    assert_eq!(postgres.events().read(&stream("a"), ReadFrom::Newest, 1).await.unwrap(), []);
    let refused = postgres.events().append(&first_of("a")).await;
    assert!(matches!(refused, Err(AppendError::Throttled(_))), "{refused:?}");
    setting("alter role {} reset default_transaction_read_only").await;
    postgres.events().append(&first_of("a")).await.unwrap();
    setting("drop role {}").await;
}

/// Another transaction holds the place, and does not end.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_statement_that_takes_too_long_is_busy_and_stores_nothing() {
    let tables = tables().await;
    let mut other = client().await;
    let transaction = other.transaction().await.unwrap();
    let lock = format!("lock table {0}.commits, {0}.rows", tables.schema);
    transaction.batch_execute(&lock).await.unwrap();
    check_busy(&with(&tables, "-c statement_timeout=200"), "took too long").await;
    // By default too, before the client stops waiting.
    let slow = tables.postgres.events().append(&first_of("a")).await;
    assert!(matches!(slow, Err(AppendError::Throttled(_))), "{slow:?}");
    transaction.rollback().await.unwrap();
    assert_eq!(entries(&tables).await, 0);
}

/// The server reports them for transactions, whatever they did.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn serialization_failures_deadlocks_and_a_full_disk_are_busy_and_too_large_is_too_large() {
    let tables = tables().await;
    let raise = async |code: &str| {
        let statement = format!(
            "create or replace function {0}.fail() returns trigger language plpgsql as
               $$ begin raise exception 'no' using errcode = '{code}'; end $$;
             create or replace trigger fail before insert on {0}.commits
               for each row execute function {0}.fail();
             create or replace trigger fail before insert on {0}.rows
               for each row execute function {0}.fail()",
            tables.schema
        );
        tables.client.batch_execute(&statement).await.unwrap();
    };
    for (code, text) in [
        ("40001", "other transactions were in the way"),
        ("40P01", "other transactions were in the way"),
        ("55P03", "took too long"),
        ("53100", "free space on the server's disk"),
        ("53200", "no room"),
        ("53300", "no room"),
        ("57P03", "starting or stopping"),
    ] {
        raise(code).await;
        check_busy(&tables.postgres, text).await;
    }
    raise("54000").await;
    let refused = tables.postgres.events().append(&first_of("a")).await;
    assert!(matches!(refused, Err(AppendError::TooLarge(_))), "{refused:?}");
    for unknown in ["08006", "57P01", "57P02"] {
        raise(unknown).await;
        let refused = tables.postgres.events().append(&first_of("a")).await;
        assert!(matches!(refused, Err(AppendError::Unknown(_))), "{unknown}: {refused:?}");
    }
    assert_eq!(entries(&tables).await, 0);
}

/// Our statements lock rows in one order, so this takes two transactions of others.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_deadlock_of_views_is_busy_and_changes_nothing() {
    let tables = tables().await;
    let both =
        |revision| ["a", "b"].map(|sort| Row { key: RowKey::new("p", sort), revision, ..row() });
    let views = tables.postgres.views();
    views.write(&both(1)).await.unwrap();
    let mut other = client().await;
    let transaction = other.transaction().await.unwrap();
    let lock = |sort: &str| {
        format!("select 1 from {}.rows where sort = '{sort}' for update", tables.schema)
    };
    transaction.batch_execute("set local deadlock_timeout = '30s'").await.unwrap();
    transaction.batch_execute(&lock("b")).await.unwrap();
    // A session looks for deadlocks once, so long after it began to wait: by then, on a busy machine too, the other waits.
    let victim = with(&tables, "-c deadlock_timeout=2s");
    let rows = both(2);
    let write = tokio::spawn(async move { victim.views().write(&rows).await });
    // Waits for the row that the write has locked, while the write waits for this one's.
    let waiting = format!(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%{}.rows%'",
        tables.schema
    );
    while tables.client.query_one(&waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::task::yield_now().await;
    }
    transaction.batch_execute(&lock("a")).await.unwrap();
    let outcome = write.await.unwrap();
    assert!(matches!(outcome, Err(ViewError::Unavailable(_))), "{outcome:?}");
    transaction.rollback().await.unwrap();
    views.write(&both(2)).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn an_unknown_user_or_database_is_broken_and_the_error_holds_no_password_s17() {
    let tables = tables().await;
    for (user, database, text) in [
        ("nobody:hunter2", "postgres", "check the user"),
        ("postgres:hunter2", "none", "check the name"),
    ] {
        let address = url().split_once('@').unwrap().1.split('/').next().unwrap().to_owned();
        let postgres = at(&tables, &format!("postgres://{user}@{address}/{database}"));
        check_broken(&postgres, text).await;
        assert!(!format!("{postgres:?}").contains("hunter2"));
    }
    let unreadable = Postgres::new("postgres://u:hunter2@host:port/x", None).unwrap_err();
    assert!(!format!("{unreadable:?}").contains("hunter2"), "{unreadable:?}");
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn tables_that_were_not_migrated_are_broken_and_the_error_says_so() {
    let never = Postgres::new(&url(), None).unwrap().in_schema("never_migrated".parse().unwrap());
    check_broken(&never, "run the migrations").await;
    let tables = tables().await;
    let older = format!("alter table {}.commits drop column sn", tables.schema);
    tables.client.batch_execute(&older).await.unwrap();
    check_broken(&tables.postgres, "run the migrations").await;
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn text_with_a_nul_character_is_broken_and_parking_still_takes_it() {
    let tables = tables().await;
    let nul = StreamId::new("Tally", "a\0b").unwrap();
    let refused = tables.postgres.events().append(&commit(&Head::empty(nul), "key", &[1])).await;
    match refused {
        Err(AppendError::Broken(cause)) => assert!(cause.to_string().contains("NUL"), "{cause}"),
        other => panic!("{other:?}"),
    }
    let row = Row { key: RowKey::new("p", "a\0"), ..row() };
    let refused = tables.postgres.views().write(&[row]).await;
    assert!(matches!(refused, Err(ViewError::Broken(_))), "{refused:?}");
    use dekigoto::Parking as _;
    tables.postgres.parking().park("a\0b", "NUL").await.unwrap();
}

/// Its commit may come later; it is published when it does.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_transaction_that_stays_open_elsewhere_stalls_nobody_and_loses_nothing_l1() {
    let tables = tables().await;
    let mut other = client().await;
    let transaction = other.transaction().await.unwrap();
    let slow = format!("insert into {}.outbox (pk, sk) values ('Tally#slow', 1)", tables.schema);
    transaction.batch_execute(&slow).await.unwrap();
    tables.postgres.events().append(&first_of("fast")).await.unwrap();
    let outbox = tables.postgres.outbox();
    for order in [Order::Any, Order::PerStream] {
        let leased = outbox.lease(10, Duration::ZERO, order).await.unwrap();
        assert_eq!(leased.len(), 1);
        assert!(leased[0].pointer.contains("fast"));
    }
    transaction.commit().await.unwrap();
    assert_eq!(entries(&tables).await, 2);
}

/// As a relay that hangs in a transaction, or an operator who looks.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn an_entry_that_another_transaction_has_locked_is_skipped_and_stalls_nobody_l1() {
    let tables = tables().await;
    for id in ["locked", "b", "c"] {
        tables.postgres.events().append(&first_of(id)).await.unwrap();
    }
    let mut other = client().await;
    let transaction = other.transaction().await.unwrap();
    let lock = "select 1 from {}.outbox where pk like '%#locked' for update";
    transaction.batch_execute(&lock.replace("{}", &tables.schema)).await.unwrap();
    let outbox = tables.postgres.outbox();
    for order in [Order::Any, Order::PerStream] {
        let leased = outbox.lease(10, Duration::ZERO, order).await.unwrap();
        assert_eq!(leased.len(), 2, "{order:?}");
    }
    transaction.rollback().await.unwrap();
    assert_eq!(entries(&tables).await, 3);
}

/// In whatever order they were given. So two writers do not wait for each other.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_write_locks_its_rows_in_the_order_of_their_keys() {
    let tables = tables().await;
    let rows = |revision, sorts: [&str; 3]| {
        sorts.map(|sort| Row { key: RowKey::new("p", sort), revision, ..row() })
    };
    tables.postgres.views().write(&rows(1, ["a", "b", "c"])).await.unwrap();
    for (revision, sorts) in [(2, ["c", "b", "a"]), (3, ["a", "b", "c"])] {
        let mut other = client().await;
        let transaction = other.transaction().await.unwrap();
        let lock = format!("select 1 from {}.rows where sort = 'b' for update", tables.schema);
        transaction.batch_execute(&lock).await.unwrap();
        let (writer, rows) = (tables.postgres.another(), rows(revision, sorts));
        let writing = tokio::spawn(async move { writer.views().write(&rows).await });
        let free = format!("select sort from {}.rows for update skip locked", tables.schema);
        // It has locked the first, waits for the second, and has not touched the third.
        while tables.client.query(&free, &[]).await.unwrap().len() != 1 {
            assert!(!writing.is_finished());
            tokio::task::yield_now().await;
        }
        let left: String = tables.client.query_one(&free, &[]).await.unwrap().get(0);
        assert_eq!(left, "c", "{sorts:?}");
        transaction.rollback().await.unwrap();
        writing.await.unwrap().unwrap();
    }
}
