//! A rolling deployment: the order service and its next version run at once over the same tables and queues, forwards
//! and back. Nothing is erased, nothing is dead-lettered, and nothing is answered 500.

// Helpers outside `#[test]` functions are test code too, but clippy.toml does not exempt them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "../../../shared/dynamodb/tests/contract/embedded.rs"]
mod embedded;
mod faults;
mod next;
mod next_fulfilment;
mod next_price;
mod next_views;
mod roll;
mod segments;
mod stack;
#[path = "../../../shared/dynamodb/tests/contract/tables.rs"]
#[expect(dead_code, reason = "the contract suites use the rest")]
mod tables;
mod versions;

use roll::{Schedule, roll};
use stack::Stores;
use versions::{Version, Versions};

/// Every order of old and new functions over this many invocations; then it repeats.
const INVOCATIONS: u32 = 5;

#[tokio::test]
async fn old_and_new_functions_share_tables_and_queues_in_every_order() {
    for number in 0..1 << INVOCATIONS {
        let schedule = Schedule::numbered(number, INVOCATIONS);
        let faults = roll(Stores::in_memory(), &Versions::default(), schedule).await;
        assert_eq!(faults, Vec::<String>::new(), "schedule {number:#b}");
    }
}

#[tokio::test]
async fn they_share_tables_of_dynamodb_too() {
    let schedule = Schedule::of(&[Version::Old, Version::New, Version::Old]);
    let faults = roll(Stores::in_dynamodb().await, &Versions::default(), schedule).await;
    assert_eq!(faults, Vec::<String>::new());
}
