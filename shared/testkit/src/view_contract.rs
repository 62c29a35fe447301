//! The specification of [`ViewStore`], as cases that every implementation passes.

mod damage;
mod subject;

use std::collections::BTreeMap;

use dekigoto::{
    Index, Payload, Position, Row, RowKey, RowPage, RowQuery, ViewError, ViewStore,
    limits::ROWS_PER_CALL_MAX,
};
use futures_util::future::join_all;

pub use subject::{RowDamage, ViewSubject, memory_views};

use crate::cases::Cases;

/// Runs every case on an empty store of its own, and panics with the names of the cases that failed.
///
/// Lists are checked right after writes: where lists are eventually consistent, the store under test must wait before
/// it lists.
pub async fn view_contract<F, S>(fresh: F)
where
    F: Fn() -> S,
    S: Future<Output = Box<dyn ViewSubject>>,
{
    let mut cases = Cases::default();
    macro_rules! cases {
        ($($case:ident,)+) => {
            $(cases.run(stringify!($case), async { $case(&*fresh().await.views()).await }).await;)+
        };
    }
    macro_rules! cases_of_damage {
        ($($case:ident,)+) => {
            $(cases.run(stringify!($case), async { damage::$case(&*fresh().await).await }).await;)+
        };
    }
    cases! {
        rows_that_were_never_written_are_none,
        a_row_comes_back_as_it_was_written,
        reads_answer_in_the_order_of_the_keys,
        a_write_succeeds_only_over_the_previous_revision_s8,
        among_twenty_writers_each_revision_has_one_winner_s8,
        several_rows_are_written_all_or_none,
        groups_of_rows_are_written_each_all_or_none_s8,
        a_hundred_rows_are_one_write_and_one_read,
        lists_are_ordered_and_bounded_by_sort,
        a_list_continues_after_any_row_in_both_directions,
        a_list_continues_after_a_missing_row,
        a_list_over_a_megabyte_is_complete,
        an_index_lists_the_rows_in_it,
        an_index_lists_the_rows_as_they_are_now,
        rows_with_the_same_index_key_are_all_listed,
        lists_do_not_leave_their_partition_s14,
    }
    cases_of_damage! {
        a_row_with_a_damaged_body_is_read_and_the_next_write_mends_it_s8,
        a_row_with_a_damaged_revision_is_read_and_the_first_one_replaces_it_s8,
    }
    cases.report("view contract");
}

fn row(partition: &str, sort: &str, revision: u64, body: &str) -> Row {
    Row {
        key: RowKey::new(partition, sort),
        revision,
        body: Payload::of(body).unwrap(),
        indexes: BTreeMap::new(),
    }
}

fn all_of(partition: &str) -> RowQuery {
    RowQuery {
        index: None,
        partition: partition.to_owned(),
        between: None,
        newest_first: false,
        limit: 1000,
        after: None,
    }
}

fn sorts(page: &RowPage) -> Vec<&str> {
    page.rows.iter().map(|row| row.key.sort.as_str()).collect()
}

/// All rows, in pages of at most that size.
async fn pages(views: &dyn ViewStore, mut query: RowQuery, limit: u32) -> Vec<Row> {
    query.limit = limit;
    let mut rows = Vec::new();
    loop {
        assert!(rows.len() <= 1000, "the list does not end");
        let page = views.list(&query).await.unwrap();
        assert!(page.rows.len() <= usize::try_from(limit).unwrap());
        assert!(page.next.is_none() || !page.rows.is_empty());
        rows.extend(page.rows);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return rows,
        }
    }
}

async fn rows_that_were_never_written_are_none(views: &dyn ViewStore) {
    assert_eq!(views.read(&[]).await.unwrap(), []);
    let key = RowKey::new("p", "s");
    assert_eq!(views.read(std::slice::from_ref(&key)).await.unwrap(), [None]);
    assert_eq!(views.read(&[key.clone(), RowKey::new("p", "t")]).await.unwrap(), [None, None]);
    let nothing = views.list(&all_of("p")).await.unwrap();
    assert_eq!((nothing.rows.len(), nothing.next), (0, None));
}

async fn a_row_comes_back_as_it_was_written(views: &dyn ViewStore) {
    let text = r#"{ "b":1.50, "a":"\u00e9 – 出来事 \"q\"", "n": 12345678901234567890 }"#;
    let written = Row {
        key: RowKey::new("view#出来事", "a\nb 🛒#"),
        revision: 1,
        body: Payload::from_text(text.to_owned()).unwrap(),
        indexes: [(Index(1), RowKey::new("i", "1")), (Index(2), RowKey::new("j", "2"))].into(),
    };
    views.write(std::slice::from_ref(&written)).await.unwrap();
    let read = views.read(std::slice::from_ref(&written.key)).await.unwrap();
    assert_eq!(read, [Some(written.clone())]);
    assert_eq!(read[0].as_ref().unwrap().body.as_str(), text);

    let moved = Row { revision: 2, indexes: [(Index(2), RowKey::new("j", "3"))].into(), ..written };
    views.write(std::slice::from_ref(&moved)).await.unwrap();
    let read = views.read(&[moved.key.clone(), RowKey::new("x", "y")]).await;
    assert_eq!(read.unwrap(), [Some(moved), None]);
}

async fn reads_answer_in_the_order_of_the_keys(views: &dyn ViewStore) {
    let rows: Vec<Row> = ["a", "b", "c"].map(|sort| row("p", sort, 1, sort)).into();
    for row in &rows {
        views.write(std::slice::from_ref(row)).await.unwrap();
    }
    let keys = ["c", "nobody", "a", "c", "b"].map(|sort| RowKey::new("p", sort));
    let read = views.read(&keys).await.unwrap();
    let read: Vec<Option<&str>> =
        read.iter().map(|row| row.as_ref().map(|row| row.key.sort.as_str())).collect();
    assert_eq!(read, [Some("c"), None, Some("a"), Some("c"), Some("b")]);
}

async fn a_write_succeeds_only_over_the_previous_revision_s8(views: &dyn ViewStore) {
    let write = async |revision| views.write(&[row("p", "s", revision, "x")]).await;
    let conflict = |outcome| assert!(matches!(outcome, Err(ViewError::Conflict)), "{outcome:?}");
    conflict(write(2).await);
    write(1).await.unwrap();
    conflict(write(1).await);
    conflict(write(3).await);
    write(2).await.unwrap();
    for stale in [1, 2, 4, u64::MAX] {
        conflict(write(stale).await);
    }
    assert!(write(0).await.is_err());
    let read = views.read(&[RowKey::new("p", "s")]).await.unwrap();
    assert_eq!(read[0].as_ref().unwrap().revision, 2);
}

async fn among_twenty_writers_each_revision_has_one_winner_s8(views: &dyn ViewStore) {
    for revision in 1..=5 {
        let racers = (0..20).map(|racer| async move {
            let body = format!("{revision}-{racer}");
            (views.write(&[row("p", "s", revision, &body)]).await, body)
        });
        let outcomes = join_all(racers).await;
        let won = outcomes.iter().filter(|(outcome, _)| outcome.is_ok());
        let won: Vec<_> = won.map(|(_, body)| Payload::of(body).unwrap()).collect();
        assert_eq!(won.len(), 1, "revision {revision}");
        let read = views.read(&[RowKey::new("p", "s")]).await.unwrap().remove(0);
        assert_eq!(read.unwrap().body, won[0]);
    }
}

async fn several_rows_are_written_all_or_none(views: &dyn ViewStore) {
    let both = |first, second| [row("p", "a", first, "x"), row("q", "b", second, "x")];
    let revisions = async || {
        let keys = [RowKey::new("p", "a"), RowKey::new("q", "b")];
        let rows = views.read(&keys).await.unwrap();
        rows.into_iter().map(|row| row.map_or(0, |row| row.revision)).collect::<Vec<_>>()
    };
    views.write(&both(1, 1)).await.unwrap();
    assert_eq!(revisions().await, [1, 1]);
    for (first, second) in [(2, 1), (1, 2), (2, 3), (3, 2), (1, 1)] {
        let refused = views.write(&both(first, second)).await;
        assert!(matches!(refused, Err(ViewError::Conflict)), "{refused:?}");
        assert_eq!(revisions().await, [1, 1], "nothing of ({first}, {second})");
    }
    views.write(&both(2, 2)).await.unwrap();
    assert_eq!(revisions().await, [2, 2]);
    views.write(&[]).await.unwrap();
}

async fn groups_of_rows_are_written_each_all_or_none_s8(views: &dyn ViewStore) {
    let there = ["one", "two", "three"].map(|sort| row("p", sort, 1, "x"));
    views.write(&there).await.unwrap();
    let groups = [
        vec![row("p", "new", 1, "x")],
        vec![row("p", "one", 1, "y")],
        vec![row("p", "beside", 1, "y"), row("p", "two", 3, "y")],
        vec![row("p", "three", 2, "z"), row("p", "with", 1, "z")],
        vec![],
    ];
    let written = views.write_each(&groups).await;
    let is_written: Vec<bool> = written.iter().map(Result::is_ok).collect();
    assert_eq!(is_written, [true, false, false, true, true], "{written:?}");
    let refused = written.iter().filter(|it| matches!(it, Err(ViewError::Conflict)));
    assert_eq!(refused.count(), 2, "{written:?}");
    let keys = ["new", "one", "two", "three", "beside", "with"].map(|sort| RowKey::new("p", sort));
    let read = views.read(&keys).await.unwrap();
    let revisions: Vec<_> = read.iter().map(|row| row.as_ref().map(|it| it.revision)).collect();
    assert_eq!(revisions, [Some(1), Some(1), Some(1), Some(2), None, Some(1)]);
}

async fn a_hundred_rows_are_one_write_and_one_read(views: &dyn ViewStore) {
    let rows: Vec<Row> =
        (0..ROWS_PER_CALL_MAX).map(|place| row("p", &format!("{place:03}"), 1, "x")).collect();
    views.write(&rows).await.unwrap();
    let keys: Vec<RowKey> = rows.iter().map(|row| row.key.clone()).collect();
    let read = views.read(&keys).await.unwrap();
    assert_eq!(read, rows.into_iter().map(Some).collect::<Vec<_>>());
}

async fn write_letters(views: &dyn ViewStore) {
    for sort in ["d", "a", "c", "e", "b"] {
        views.write(&[row("p", sort, 1, sort)]).await.unwrap();
    }
}

async fn lists_are_ordered_and_bounded_by_sort(views: &dyn ViewStore) {
    write_letters(views).await;
    let check = async |between: Option<(&str, &str)>, newest_first, limit, expected: &str| {
        let between = between.map(|(first, last)| (first.to_owned(), last.to_owned()));
        let query = RowQuery { between, newest_first, limit, ..all_of("p") };
        let page = views.list(&query).await.unwrap();
        assert_eq!(sorts(&page).concat(), expected, "{query:?}");
    };
    check(None, false, 10, "abcde").await;
    check(None, true, 10, "edcba").await;
    check(None, false, 2, "ab").await;
    check(None, true, 2, "ed").await;
    check(Some(("b", "d")), false, 10, "bcd").await;
    check(Some(("b", "d")), true, 10, "dcb").await;
    check(Some(("b", "b")), false, 10, "b").await;
    check(Some(("bb", "cc")), false, 10, "c").await;
    check(Some(("x", "z")), false, 10, "").await;
    check(Some(("d", "b")), false, 10, "").await;
    check(Some(("a", "e")), true, 1, "e").await;
}

async fn a_list_continues_after_any_row_in_both_directions(views: &dyn ViewStore) {
    write_letters(views).await;
    for limit in 1..=6 {
        for newest_first in [false, true] {
            for between in [None, Some(("b".to_owned(), "d".to_owned()))] {
                let query = RowQuery { newest_first, between, ..all_of("p") };
                let whole = views.list(&query).await.unwrap();
                assert_eq!(whole.next, None);
                assert_eq!(pages(views, query, limit).await, whole.rows);
            }
        }
    }
}

async fn a_list_continues_after_a_missing_row(views: &dyn ViewStore) {
    write_letters(views).await;
    let after = |sort: &str, newest_first, between: Option<(&str, &str)>| RowQuery {
        after: Some(Position { sort: sort.to_owned(), key: RowKey::new("p", sort) }),
        newest_first,
        between: between.map(|(first, last)| (first.to_owned(), last.to_owned())),
        ..all_of("p")
    };
    for (query, expected) in [
        (after("bb", false, None), "cde"),
        (after("bb", true, None), "ba"),
        (after("z", false, None), ""),
        (after("0", false, None), "abcde"),
        (after("z", true, None), "edcba"),
        // Outside the range, as when the range was narrowed between two pages.
        (after("0", false, Some(("b", "d"))), "bcd"),
        (after("e", false, Some(("b", "d"))), ""),
        (after("e", true, Some(("b", "d"))), "dcb"),
        (after("a", true, Some(("b", "d"))), ""),
    ] {
        let page = views.list(&query).await.unwrap();
        assert_eq!(sorts(&page).concat(), expected, "{query:?}");
    }
}

async fn a_list_over_a_megabyte_is_complete(views: &dyn ViewStore) {
    let body = "x".repeat(60_000);
    for place in 0..40 {
        let mut row = row("p", &format!("{place:03}"), 1, &body);
        row.indexes.insert(Index(1), RowKey::new("large", row.key.sort.clone()));
        views.write(&[row]).await.unwrap();
    }
    let page = views.list(&all_of("p")).await.unwrap();
    assert_eq!((page.rows.len(), page.next), (40, None));
    let by_index = RowQuery { index: Some(Index(1)), ..all_of("large") };
    assert_eq!(pages(views, by_index, 37).await, page.rows);
    let keys: Vec<RowKey> = page.rows.iter().map(|row| row.key.clone()).collect();
    let read = views.read(&keys).await.unwrap();
    assert_eq!(read, page.rows.into_iter().map(Some).collect::<Vec<_>>());
}

async fn an_index_lists_the_rows_in_it(views: &dyn ViewStore) {
    let indexed = |sort: &str, revision, first: Option<&str>, second: Option<&str>| Row {
        indexes: [
            first.map(|sort| (Index(1), RowKey::new("open", sort))),
            second.map(|sort| (Index(2), RowKey::new("customer", sort))),
        ]
        .into_iter()
        .flatten()
        .collect(),
        ..row("p", sort, revision, sort)
    };
    views.write(&[indexed("a", 1, Some("3"), Some("1"))]).await.unwrap();
    views.write(&[indexed("b", 1, Some("2"), Some("2"))]).await.unwrap();
    views.write(&[indexed("c", 1, Some("1"), None)]).await.unwrap();
    let list = async |index, partition: &str| {
        let query = RowQuery { index: Some(index), ..all_of(partition) };
        let page = views.list(&query).await.unwrap();
        sorts(&page).concat()
    };
    assert_eq!(list(Index(1), "open").await, "cba");
    assert_eq!(list(Index(2), "customer").await, "ab");
    assert_eq!(list(Index(1), "customer").await, "");

    // A closed row leaves the index; a row with another sort key moves.
    views.write(&[indexed("c", 2, None, Some("0"))]).await.unwrap();
    views.write(&[indexed("a", 2, Some("1"), Some("1"))]).await.unwrap();
    assert_eq!(list(Index(1), "open").await, "ab");
    assert_eq!(list(Index(2), "customer").await, "cab");
}

async fn an_index_lists_the_rows_as_they_are_now(views: &dyn ViewStore) {
    for revision in 1..=3 {
        let indexes = [(Index(1), RowKey::new("open", "1"))].into();
        let written = Row { indexes, ..row("p", "s", revision, &revision.to_string()) };
        views.write(std::slice::from_ref(&written)).await.unwrap();
        let query = RowQuery { index: Some(Index(1)), ..all_of("open") };
        assert_eq!(views.list(&query).await.unwrap().rows, [written]);
    }
}

async fn rows_with_the_same_index_key_are_all_listed(views: &dyn ViewStore) {
    for place in 0..9 {
        let mut row = row(&format!("p{}", place % 2), &format!("{place}"), 1, "x");
        row.indexes.insert(Index(2), RowKey::new("same", "moment"));
        views.write(&[row]).await.unwrap();
    }
    for newest_first in [false, true] {
        for limit in [1, 2, 4, 9] {
            let query = RowQuery { index: Some(Index(2)), newest_first, ..all_of("same") };
            let rows = pages(views, query, limit).await;
            let mut sorts: Vec<&str> = rows.iter().map(|row| row.key.sort.as_str()).collect();
            sorts.sort_unstable();
            assert_eq!(sorts.concat(), "012345678", "limit {limit}");
        }
    }
}

async fn lists_do_not_leave_their_partition_s14(views: &dyn ViewStore) {
    for partition in ["alice", "bob", "alice#", "alic"] {
        let mut row = row(partition, "s", 1, partition);
        row.indexes.insert(Index(1), RowKey::new(partition, "s"));
        views.write(&[row]).await.unwrap();
    }
    for index in [None, Some(Index(1))] {
        let mut query = RowQuery { index, ..all_of("alice") };
        assert_eq!(views.list(&query).await.unwrap().rows.len(), 1);
        // A position in somebody else's list.
        query.after = Some(Position { sort: "0".to_owned(), key: RowKey::new("bob", "0") });
        let page = views.list(&query).await.unwrap();
        let partitions = page.rows.iter().map(|row| row.key.partition.as_str());
        assert!(partitions.into_iter().all(|partition| partition == "alice"));
    }
}
