//! The examples stay alive, short, and the same as in the tutorial.

use std::sync::Arc;

use dekigoto::memory::MemoryStore;

#[path = "../../examples/bank_account.rs"]
#[expect(dead_code, reason = "the walk is called with a store that the test can look into")]
mod bank_account;

const AGGREGATE: &str = include_str!("../../examples/bank/account.rs");
const WALK: &str = include_str!("../../examples/bank_account.rs");
const README: &str = include_str!("../../README.md");

#[test]
fn a_bank_account_takes_less_than_80_lines_in_all() {
    assert!(AGGREGATE.lines().count() + WALK.lines().count() < 80);
}

#[tokio::test]
async fn the_bank_account_stores_what_was_decided_and_a_repeated_command_once() {
    let store = MemoryStore::new();
    bank_account::walk(Arc::new(store.clone())).await.unwrap();
    let keys: Vec<String> = store.dump().into_iter().map(|commit| commit.key).collect();
    assert_eq!(keys, ["pay", "rent"]);
}

#[test]
fn the_tutorial_shows_the_aggregate_of_the_example() {
    assert!(README.contains(&format!("```rust\n{AGGREGATE}```\n")));
}
