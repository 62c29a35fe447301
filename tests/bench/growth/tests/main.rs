//! What an operation uses while the number of streams grows from 10 to 100,000, and the length of a stream from 1 to 10,000
//! commits: requests, units and round trips, on one embedded DynamoDB in virtual time. So each run counts the same.
//!
//! `make growth` writes the table of REFERENCE.md. The test without the largest numbers is a part of `make test`.

// Helpers outside `#[test]` functions are test code too, but clippy.toml does not exempt them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod history;
mod operations;
mod report;
mod scenario;
mod table;

use history::History;
use report::{Column, check, compare, write};
use scenario::{OTHERS_MIN, measure};
use table::Tables;

/// Other streams, of one commit each.
const STREAMS: [usize; 2] = [OTHERS_MIN, 1_000];
const STREAMS_MAX: usize = 100_000;

/// Commits of the stream that is used, before it gets one more.
const COMMITS: u32 = 99;
const COMMITS_MAX: u32 = 9_999;

fn columns(streams: &[usize], commits: &[u32]) -> Vec<Column> {
    let history = |commits| Tables::new().host.run(History::of(commits)).0;
    let one = history(1);
    let by_streams = streams.iter().map(|streams| Column::of(*streams, 1, measure(*streams, &one)));
    let by_commits = commits
        .iter()
        .map(|commits| Column::of(OTHERS_MIN, *commits, measure(OTHERS_MIN, &history(*commits))));
    by_streams.chain(by_commits).collect()
}

#[test]
fn nothing_grows_that_must_not() {
    let columns = columns(&STREAMS, &[COMMITS]);
    check(&columns);
    compare(&columns);
}

#[test]
#[ignore = "fills 100,000 streams: make growth"]
fn the_reference_shows_how_everything_grows() {
    let columns = columns(&[STREAMS[0], STREAMS[1], STREAMS_MAX], &[COMMITS, COMMITS_MAX]);
    write(&columns);
    check(&columns);
}
