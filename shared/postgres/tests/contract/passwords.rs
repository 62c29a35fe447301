//! Passwords, on the server of `make platforms`: it asks users whose names end with `_secret` for theirs.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use dekigoto::{AppendError, EventStore as _, Head, ReadFrom, Source};
use dekigoto_postgres::{Passwords, Postgres, RdsPlace, tls_trusting};
use dekigoto_testkit::{commit, stream};

use crate::{
    server::{Tables, tables, url},
    tls::authority,
};

/// A new user with the password `right`, who may append.
async fn user_of(tables: &Tables) -> String {
    let user = format!("{}_secret", tables.schema);
    let create = format!(
        "drop role if exists {user}; create role {user} login password 'right'; grant dekigoto_api to {user}"
    );
    tables.client.batch_execute(&create).await.unwrap();
    user
}

async fn append(postgres: &Postgres, id: &str) -> Result<(), AppendError> {
    postgres.events().append(&commit(&Head::empty(stream(id)), "key", &[1])).await
}

#[track_caller]
fn check_refused(refused: Result<(), AppendError>) {
    match refused {
        Err(AppendError::Broken(cause)) => {
            let text = cause.to_string();
            assert!(text.contains("check the user and the password"), "{text}");
            assert!(!text.contains("wrong"), "{text}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_wrong_password_is_broken_and_is_not_in_the_error_s17() {
    let tables = tables().await;
    let user = user_of(&tables).await;
    let with = |password: &str| {
        let url = url().replace("postgres@", &format!("{user}:{password}@"));
        Postgres::new(&url, None).unwrap().in_schema(tables.schema.parse().unwrap())
    };
    check_refused(append(&with("wrong"), "a").await);
    append(&with("right"), "a").await.unwrap();
}

/// Gives another password for each connection.
struct Changing(AtomicUsize);

#[async_trait]
impl Passwords for Changing {
    async fn next(&self) -> Result<String, Source> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err("no credentials yet".into()),
            1 => Ok("wrong".to_owned()),
            _ => Ok("right".to_owned()),
        }
    }
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn behind_rds_proxy_each_connection_gets_a_new_password_over_tls_and_sends_no_options() {
    let tables = tables().await;
    let user = user_of(&tables).await;
    let (address, database) = url()
        .split_once('@')
        .unwrap()
        .1
        .split_once('/')
        .map(|(a, d)| (a.to_owned(), d.to_owned()))
        .unwrap();
    let (host, port) = address.split_once(':').unwrap();
    let place = RdsPlace {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        user: user.clone(),
        database,
    };
    let passwords = Arc::new(Changing(AtomicUsize::new(0)));
    let tls = tls_trusting(&authority()).unwrap();
    let postgres = Postgres::on_rds_proxy(&place, tls, passwords.clone());
    let postgres = postgres.in_schema(tables.schema.parse().unwrap());
    match append(&postgres, "a").await {
        Err(AppendError::Throttled(cause)) => {
            assert!(cause.to_string().contains("no credentials yet"), "{cause}")
        }
        other => panic!("{other:?}"),
    }
    check_refused(append(&postgres, "a").await);
    append(&postgres, "a").await.unwrap();
    append(&postgres, "b").await.unwrap();
    assert_eq!(postgres.events().read(&stream("b"), ReadFrom::Newest, 1).await.unwrap().len(), 1);
    assert_eq!(passwords.0.load(Ordering::SeqCst), 3, "an open connection outlasts its password");
    let sessions = "select count(*) from pg_stat_ssl join pg_stat_activity using (pid) where ssl and usename = $1";
    let encrypted: i64 = tables.client.query_one(sessions, &[&user]).await.unwrap().get(0);
    assert_eq!(encrypted, 1);
}
