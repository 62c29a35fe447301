//! Ours. The commit's entry of the outbox is written with it; none of the others has one.

use std::sync::Arc;

use dekigoto::{Engine, Expect, SystemHost};
use dekigoto_postgres::Postgres;

use crate::{
    WRITERS_MAX,
    bare::Bare,
    payload, rows,
    tally::{Add, Tally, context},
    turns::{Row, fresh},
};

pub(crate) async fn measure(url: &str, bare: &Bare) -> Vec<Row> {
    let postgres = Postgres::new(url, None).expect("the URL is one");
    postgres.migrate().await.expect("the server makes the tables");
    let engine = |_| Engine::new(Arc::new(postgres.another().events()), Arc::new(SystemHost));
    let engines: Vec<Engine> = (0..WRITERS_MAX).map(engine).collect();
    let engines = &engines;
    let command = async move |writer: usize| {
        let number = fresh();
        let add = Add(vec![number], payload(number).len());
        let (id, context) = (format!("command-{number}"), context("key"));
        let done = engines[writer].execute::<Tally<1, 32>>(&id, add, &context, Expect::Anything);
        assert!(done.await.is_ok());
    };
    rows("dekigoto-postgres", bare, command).await
}
