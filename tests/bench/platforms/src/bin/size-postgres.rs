//! A program with the adapter for PostgreSQL, for `make sizes`.

use std::time::Duration;

use dekigoto::outbox::{Order, Outbox as _};
use dekigoto_postgres::{Postgres, tls_trusting};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let tls = tls_trusting(b"").expect("certificates");
    let database = Postgres::new("postgres://x@127.0.0.1/x", Some(tls)).expect("a URL");
    let leased = database.outbox().lease(1, Duration::ZERO, Order::Any).await;
    println!("{:?}", leased.map(|it| it.len()));
}
