//! No two streams share a key.

use dekigoto::{
    Head, StreamId,
    limits::{AGGREGATE_ID_BYTES_MAX, AGGREGATE_TYPE_BYTES_MAX},
};

use super::{StoreSubject, commit, read_all};

/// Writes one commit to each stream, then checks that each holds exactly its own.
async fn check_apart(subject: &dyn StoreSubject, names: &[(&str, &str)]) {
    let streams: Vec<StreamId> = names
        .iter()
        .map(|(aggregate_type, id)| StreamId::new(*aggregate_type, *id).unwrap())
        .collect();
    for (stream, number) in streams.iter().zip(1..) {
        let first = commit(&Head::empty(stream.clone()), "key", &[number]);
        subject.store().append(&first).await.unwrap();
    }
    for (stream, number) in streams.iter().zip(1..) {
        let expected = commit(&Head::empty(stream.clone()), "key", &[number]);
        assert_eq!(read_all(&*subject.store(), stream).await, [expected]);
    }
}

/// The first separator ends the type. Later ones are part of the id.
pub(super) async fn streams_whose_names_contain_separators_do_not_mix(subject: &dyn StoreSubject) {
    let names = [
        ("T", "1"),
        ("T", "1#2"),
        ("T", "1#2#3"),
        ("T", "#1"),
        ("T", "#"),
        ("T1", "2"),
        ("t", "1"),
        ("T", "1 "),
        ("T", " 1"),
    ];
    check_apart(subject, &names).await;
    assert!(StreamId::new("T#1", "2").is_err());
}

/// What a person, an attacker or another system may use as an id.
pub(super) async fn unicode_long_and_reserved_names_are_stored(subject: &dyn StoreSubject) {
    let long_type = "型".repeat(AGGREGATE_TYPE_BYTES_MAX / 3);
    let long_id = "𝒾".repeat(AGGREGATE_ID_BYTES_MAX / 4);
    let names = [
        (&*long_type, &*long_id),
        ("Order", "注文-42 🛒"),
        // The same letter, composed and decomposed: two ids, because bytes are compared.
        ("Order", "caf\u{e9}"),
        ("Order", "cafe\u{301}"),
        ("Order", "\u{202e}rtl"),
        ("SELECT", "pk"),
        ("key", "null"),
        ("Order", "../../etc/passwd"),
        ("Order", "a\nb\tc\"d'e\\f"),
        ("Order", "${jndi:ldap://x}"),
        ("Order", "0"),
    ];
    check_apart(subject, &names).await;
}
