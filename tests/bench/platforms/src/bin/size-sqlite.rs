//! A program with the adapter for SQLite, for `make sizes`.

use std::time::Duration;

use dekigoto::outbox::{Order, Outbox as _};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let database = dekigoto_sqlite::Database::open("size.db").expect("a file");
    let leased = database.outbox().lease(1, Duration::ZERO, Order::Any).await;
    println!("{:?}", leased.map(|it| it.len()));
}
