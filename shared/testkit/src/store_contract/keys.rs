//! One effect for each command key.

use std::collections::BTreeMap;

use dekigoto::{
    Answer, CommandError, Engine, Expect, KeyTag, Timestamp, Version, limits::REMEMBERED_KEYS_MAX,
};
use futures_util::future::join_all;

use super::{StoreSubject, engine, read_all};
use crate::tally::{Add, Sum, Tally, context, stream};

type Outcome = Result<Answer<Tally>, CommandError<()>>;

async fn add(engine: &Engine, id: &str, key: &str, number: u64) -> Outcome {
    let context = context(key);
    let add = Add(vec![number], 0);
    engine.execute(&id.to_owned(), add, &context, Expect::Anything).await
}

/// Creates `at` milliseconds after a fixed moment: a repeated request is received later.
async fn create(engine: &Engine, id: &str, key: &str, number: u64, at: i64) -> Outcome {
    let mut context = context(key);
    context.at = Timestamp::from_millis(context.at.as_millis() + at).unwrap();
    engine.create(&id.to_owned(), Add(vec![number], 0), &context).await
}

#[track_caller]
fn assert_replayed(outcome: Outcome, version: u64, state: &Sum) {
    let answer = outcome.unwrap();
    assert!(answer.replayed);
    assert_eq!(answer.version, Version::new(version));
    assert_eq!(answer.state, *state);
}

/// Also after other commands.
pub(super) async fn a_repeated_command_gets_the_first_answer_s5(subject: &dyn StoreSubject) {
    let engine = engine(subject.store());
    for number in 1..=10 {
        let answer = add(&engine, "a", &format!("key-{number}"), number).await;
        assert!(!answer.unwrap().replayed);
    }
    for number in 1..=10 {
        let again = add(&engine, "a", &format!("key-{number}"), number).await;
        assert_replayed(again, number, &Sum::of(1..=number));
    }
    assert_eq!(read_all(&*subject.store(), &stream("a")).await.len(), 10);
}

/// Also after other commits.
pub(super) async fn a_repeated_create_gets_the_first_answer_s5(subject: &dyn StoreSubject) {
    let engine = engine(subject.store());
    create(&engine, "a", "new", 1, 0).await.unwrap();
    assert_replayed(create(&engine, "a", "new", 1, 900).await, 1, &Sum::of([1]));
    for number in 2..=60 {
        add(&engine, "a", &format!("key-{number}"), number).await.unwrap();
    }
    assert_replayed(create(&engine, "a", "new", 1, 900).await, 1, &Sum::of([1]));
    assert_eq!(read_all(&*subject.store(), &stream("a")).await.len(), 60);
}

/// In a create, in recent commits, and before a snapshot.
pub(super) async fn a_key_that_is_reused_for_another_command_is_refused_s5(
    subject: &dyn StoreSubject,
) {
    let engine = engine(subject.store());
    create(&engine, "a", "key-1", 1, 0).await.unwrap();
    let refused = |outcome: Outcome| assert!(matches!(outcome, Err(CommandError::KeyReused)));
    refused(create(&engine, "a", "key-1", 2, 0).await);
    for number in 2..=9 {
        add(&engine, "a", &format!("key-{number}"), number).await.unwrap();
    }
    for number in 1..=9 {
        refused(add(&engine, "a", &format!("key-{number}"), 77).await);
    }
    assert_eq!(read_all(&*subject.store(), &stream("a")).await.len(), 9);
}

/// Fifty equal commands, then fifty of which half are different.
pub(super) async fn fifty_equal_commands_at_once_are_one_commit_s5(subject: &dyn StoreSubject) {
    let engine = engine(subject.store());
    let twins = join_all((0..50).map(|twin| create(&engine, "a", "key", 1, twin % 3))).await;
    for twin in twins {
        assert_eq!(twin.unwrap().state, Sum::of([1]));
    }
    assert_eq!(read_all(&*subject.store(), &stream("a")).await.len(), 1);

    let twins = (0..50).map(|twin| create(&engine, "b", "key", twin % 2, 0));
    let twins = join_all(twins).await;
    let winner = read_all(&*subject.store(), &stream("b")).await;
    assert_eq!(winner.len(), 1);
    let mut answered = 0;
    for twin in twins {
        match twin {
            Ok(answer) => {
                answered += 1;
                assert_eq!(answer.version, Version::new(1));
            }
            Err(error) => assert!(matches!(error, CommandError::KeyReused), "{error:?}"),
        }
    }
    assert_eq!(answered, 25, "exactly the commands that equal the winner succeed");
}

/// Keys are remembered for as long as documented. A command with an older key is decided again.
pub(super) async fn a_key_is_remembered_by_snapshots_for_a_bounded_number_of_commits_s5(
    subject: &dyn StoreSubject,
) {
    let engine = engine(subject.store());
    let remembered = u64::try_from(REMEMBERED_KEYS_MAX).unwrap();
    let commits = remembered + 20;
    for number in 1..=commits {
        add(&engine, "a", &format!("key-{number}"), number).await.unwrap();
    }
    for number in commits - remembered..=commits {
        let again = add(&engine, "a", &format!("key-{number}"), number).await;
        assert_replayed(again, number, &Sum::of(1..=number));
    }
    let forgotten = add(&engine, "a", "key-1", 1).await.unwrap();
    assert!(!forgotten.replayed);
    assert_eq!(forgotten.version, Version::new(commits + 1));
}

/// A snapshot remembers three characters of each key.
pub(super) async fn a_key_with_the_tag_of_a_remembered_one_is_another_command_s5(
    subject: &dyn StoreSubject,
) {
    let engine = engine(subject.store());
    let (remembered, other) = keys_of_one_tag();
    add(&engine, "a", &remembered, 1).await.unwrap();
    for number in 2..=9 {
        add(&engine, "a", &format!("key-{number}"), number).await.unwrap();
    }
    assert!(!add(&engine, "a", &other, 10).await.unwrap().replayed);
    assert_replayed(add(&engine, "a", &remembered, 1).await, 1, &Sum::of([1]));
    for number in 11..=19 {
        add(&engine, "a", &format!("key-{number}"), number).await.unwrap();
    }
    assert_replayed(add(&engine, "a", &other, 10).await, 10, &Sum::of(1..=10));
    assert_replayed(add(&engine, "a", &remembered, 1).await, 1, &Sum::of([1]));
}

/// Some hundred keys hold such a pair.
fn keys_of_one_tag() -> (String, String) {
    let mut seen = BTreeMap::new();
    for number in 0_u32.. {
        let key = format!("tagged-{number}");
        let tag = KeyTag::of(&context(&key).identity()).as_str().to_owned();
        if let Some(first) = seen.insert(tag, key.clone()) {
            return (first, key);
        }
    }
    unreachable!("there are only so many tags")
}
