//! The examples run, stay short, and match the tutorial.

use std::sync::Arc;

use dekigoto::memory::MemoryStore;

#[path = "../../examples/bank_account.rs"]
#[expect(dead_code, reason = "the test calls `walk` with its own store, not `main`")]
mod bank_account;

const AGGREGATE: &str = include_str!("../../examples/bank/account.rs");
const WALK: &str = include_str!("../../examples/bank_account.rs");
const README: &str = include_str!("../../README.md");

#[test]
fn the_bank_account_example_has_less_than_80_lines() {
    assert!(AGGREGATE.lines().count() + WALK.lines().count() < 80);
}

#[tokio::test]
async fn the_bank_account_example_stores_a_repeated_command_once() {
    let store = MemoryStore::new();
    bank_account::walk(Arc::new(store.clone())).await.unwrap();
    let keys: Vec<String> = store.dump().into_iter().map(|commit| commit.key).collect();
    assert_eq!(keys, ["pay", "rent"]);
}

#[test]
fn the_tutorial_shows_the_aggregate_of_the_example() {
    assert!(README.contains(&format!("```rust\n{AGGREGATE}```\n")));
}
