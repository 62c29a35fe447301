//! What a command costs.

use dekigoto::{Expect, Version};

use super::{StoreSubject, counted_engine};
use crate::tally::{Add, Tally, context};

/// A command is one read and one append, at any length of its stream.
pub(super) async fn a_command_is_one_append_and_a_create_loads_nothing(subject: &dyn StoreSubject) {
    let (counted, engine) = counted_engine(subject);
    let (id, first) = ("a".to_owned(), context("key-1"));
    let created = engine.create::<Tally>(&id, Add(vec![1], 0), &first).await;
    created.unwrap();
    assert_eq!(counted.take(), (1, 0, 0), "appends, reads, commits read");
    for number in 2..=20 {
        let context = context(&format!("key-{number}"));
        let add = Add(vec![number; 3], 0);
        let added = engine.execute::<Tally>(&id, add, &context, Expect::Anything).await;
        assert_eq!(added.unwrap().version, Version::new(1 + 3 * (number - 1)));
        let (appends, reads, commits_read) = counted.take();
        assert_eq!((appends, reads), (1, 1));
        assert!(commits_read <= 4, "{commits_read} commits read");
    }
}
