//! `make bench`, its third part: the same command on dekigoto-postgres and on other Rust event stores on PostgreSQL. It adds one
//! event to a new stream: it loads, decides and appends, each store by its own way to run a command.
//!
//! Every store takes turns with the same bare statements, a SELECT and an INSERT of the same payload by tokio-postgres. The turns,
//! the table and the server are those of `bench-platforms`.

mod bare;
mod dekigoto_postgres;
mod disintegrate_postgres;
mod postgres_es;
#[allow(dead_code)]
#[path = "../../platforms/src/report.rs"]
mod report;
#[allow(dead_code, unreachable_pub)]
#[path = "../../../../shared/testkit/src/tally.rs"]
mod tally;
#[allow(dead_code)]
#[path = "../../platforms/src/turns.rs"]
mod turns;

use std::{future::Future, process::ExitCode};

use sqlx::postgres::PgPoolOptions;

use bare::Bare;
use turns::{Row, turns};

/// Commands at the same time. Each has a connection.
const WRITERS: [usize; 2] = [1, 16];

const WRITERS_MAX: u32 = 16;

/// The payload of each event.
fn payload(number: u64) -> String {
    format!("{number:0>300}")
}

/// The rows of one store. `command` gets the number of the writer.
async fn rows<F: Future<Output = ()>>(
    store: &str,
    bare: &Bare,
    command: impl Fn(usize) -> F,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for writers in WRITERS {
        let (ours, theirs) =
            turns(writers, &command, async |writer| bare.command(writer).await).await;
        rows.push(Row {
            what: format!("{store}: a command on a new stream; {writers} at a time"),
            bare: "a SELECT and an INSERT",
            ours,
            theirs: Some(theirs),
            budget: None,
        });
    }
    rows
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let url = std::env::var("DATABASE_URL").expect("make bench sets DATABASE_URL");
    let bare = Bare::connect(&url).await;
    let pool = PgPoolOptions::new().min_connections(WRITERS_MAX).max_connections(WRITERS_MAX);
    let pool = pool.connect(&url).await.expect("the server is there");
    let mut rows = dekigoto_postgres::measure(&url, &bare).await;
    rows.extend(postgres_es::measure(&pool, &bare).await);
    rows.extend(disintegrate_postgres::measure(&pool, &bare).await);
    report::write("rivals-bench", &rows);
    ExitCode::SUCCESS
}
