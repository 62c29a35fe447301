//! Appends that wait at the same time are one statement, and each of them gets its own answer.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use dekigoto::{
    AppendError, Commit, EventStore as _, Head, ReadFrom, StreamId, outbox::Outbox as _,
};
use dekigoto_postgres::Postgres;
use dekigoto_testkit::{commit, stream};
use futures_util::future::{join, join_all};

use crate::{
    proxy::{Proxy, Way},
    server::{Tables, tables, url},
};

/// More than two statements take.
const APPENDS: usize = 50;

fn first_of(id: &str) -> Commit {
    commit(&Head::empty(stream(id)), "key", &[1])
}

fn commits() -> Vec<Commit> {
    (0..APPENDS).map(|number| first_of(&format!("s{number}"))).collect()
}

/// The same tables, by way of a proxy.
async fn behind_a_proxy(tables: &Tables) -> (Proxy, Postgres) {
    let proxy = Proxy::start(&url()).await;
    let postgres = Postgres::new(&proxy.url, None).unwrap();
    let postgres = postgres.in_schema(tables.schema.parse().unwrap());
    (proxy, postgres)
}

async fn append_all(postgres: &Postgres, commits: &[Commit]) -> Vec<Result<(), AppendError>> {
    let store = postgres.events();
    join_all(commits.iter().map(|commit| store.append(commit))).await
}

/// Whether the future waits after it has been polled once.
async fn poll_once<T>(mut future: Pin<&mut impl Future<Output = T>>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

/// Each commit is stored, and has one entry of the outbox.
async fn assert_stored(tables: &Tables, commits: &[Commit]) {
    let store = tables.postgres.events();
    for commit in commits {
        let found = store.read(commit.stream(), ReadFrom::Newest, 2).await.unwrap();
        assert_eq!(found, std::slice::from_ref(commit));
    }
    let waiting = tables.postgres.outbox().waiting().await.unwrap();
    assert_eq!(waiting, u64::try_from(commits.len()).unwrap());
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn appends_that_wait_at_the_same_time_are_one_statement() {
    let tables = tables().await;
    let (proxy, postgres) = behind_a_proxy(&tables).await;
    let outcomes = append_all(&postgres, &commits()).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_stored(&tables, &commits()).await;
    let parsed = proxy.requests()[0].iter().filter(|(kind, _)| *kind == 'P').count();
    assert_eq!(parsed, 3, "one alone, 32 that waited for it, and the rest");
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn an_append_that_cannot_be_stored_fails_alone() {
    let tables = tables().await;
    let nul = StreamId::new("Tally", "a\0b").unwrap();
    let mut all = commits();
    all.insert(APPENDS / 2, commit(&Head::empty(nul), "key", &[1]));
    let outcomes = append_all(&tables.postgres, &all).await;
    for (place, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(()) => assert_ne!(place, APPENDS / 2),
            Err(error) => {
                assert!(matches!(error, AppendError::Broken(_)), "{error:?}");
                assert_eq!(place, APPENDS / 2);
            }
        }
    }
    assert_stored(&tables, &commits()).await;
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn of_the_appends_of_one_statement_one_takes_a_place_s1() {
    let tables = tables().await;
    let rivals: Vec<Commit> = (0..20)
        .map(|number| commit(&Head::empty(stream("one")), &format!("key-{number}"), &[number]))
        .collect();
    let outcomes = append_all(&tables.postgres, &rivals).await;
    let stored = tables.postgres.events().read(&stream("one"), ReadFrom::Newest, 9).await.unwrap();
    assert_eq!(stored.len(), 1);
    for (rival, outcome) in rivals.iter().zip(outcomes) {
        match outcome {
            Ok(()) => assert_eq!(*rival, stored[0]),
            Err(AppendError::Conflict { found }) => assert_eq!(*found, stored[0]),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(tables.postgres.outbox().waiting().await.unwrap(), 1);
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn appends_whose_reply_is_lost_are_unknown_and_stored_once_s3() {
    let tables = tables().await;
    let (proxy, postgres) = behind_a_proxy(&tables).await;
    postgres.events().append(&first_of("connects")).await.unwrap();
    proxy.set(Way::LosesReplies);
    let outcomes = append_all(&postgres, &commits()).await;
    let is_unknown = |it: &Result<_, _>| matches!(it, Err(AppendError::Unknown(_)));
    assert!(outcomes.iter().any(is_unknown), "{outcomes:?}");
    assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
    proxy.set(Way::Open);
    let again = append_all(&postgres, &commits()).await;
    assert!(again.iter().all(Result::is_ok), "{again:?}");
    let mut all = commits();
    all.push(first_of("connects"));
    assert_stored(&tables, &all).await;
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn who_goes_away_in_the_middle_of_an_append_leaves_nobody_waiting() {
    let tables = tables().await;
    let all = commits();
    let store = tables.postgres.events();
    store.append(&first_of("connects")).await.unwrap();
    let mut first = Box::pin(store.append(&all[0]));
    let mut others = Box::pin(append_all(&tables.postgres, &all[1..]));
    // The first has the turn, and the others wait for it.
    assert!(poll_once(first.as_mut()).await && poll_once(others.as_mut()).await);
    drop(first);
    let outcomes = tokio::time::timeout(Duration::from_secs(10), others).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    store.append(&all[0]).await.unwrap();
    store.append(&first_of("after")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn processes_that_append_at_the_same_places_do_not_wait_in_a_circle() {
    let tables = tables().await;
    let deadlocks = async || {
        let counted = "select deadlocks from pg_stat_database where datname = current_database()";
        tables.client.query_one(counted, &[]).await.unwrap().get::<_, i64>(0)
    };
    let before = deadlocks().await;
    let other = tables.postgres.another();
    for round in 0..30 {
        let of = |key: &str| -> Vec<Commit> {
            let place = |number| Head::empty(stream(&format!("r{round}-{number}")));
            (0..30).map(|number| commit(&place(number), key, &[1])).collect()
        };
        let (ours, mut theirs) = (of("ours"), of("theirs"));
        theirs.reverse();
        join(append_all(&tables.postgres, &ours), append_all(&other, &theirs)).await;
    }
    // The server tells its numbers a moment after they changed.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(deadlocks().await, before);
}
