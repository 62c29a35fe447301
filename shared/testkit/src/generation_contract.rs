//! The specification of generations on a view store, as cases that every implementation passes.

use std::sync::Arc;

use dekigoto::{
    Index, Payload, Row, RowKey, RowQuery, ViewStore,
    generations::{EraseRows, Generation, RowsOf, erase_all, in_generation},
    limits::ROWS_PER_CALL_MAX,
    memory::MemoryViews,
};

use crate::cases::Cases;

/// A view store, and the same store as an operator erases it.
pub type ErasableViews = (Arc<dyn ViewStore>, Arc<dyn EraseRows>);

/// Runs every case on an empty store of its own, and panics with the names of the cases that failed.
pub async fn generation_contract<F, S>(fresh: F)
where
    F: Fn() -> S,
    S: Future<Output = ErasableViews>,
{
    let mut cases = Cases::default();
    macro_rules! cases {
        ($($case:ident,)+) => {
            $(cases.run(stringify!($case), async { $case(fresh().await).await }).await;)+
        };
    }
    cases! {
        a_generation_has_its_own_rows_under_the_same_keys,
        a_list_goes_on_in_another_generation,
        erasing_deletes_the_rows_of_one_generation_and_no_other_row,
        erasing_many_rows_takes_pages_and_can_be_repeated,
    }
    cases.report("generation contract");
}

/// The in-memory view store, empty.
#[must_use]
pub fn memory_erasable_views() -> ErasableViews {
    let views = MemoryViews::new();
    (Arc::new(views.clone()), Arc::new(views))
}

fn second() -> Generation {
    Generation::FIRST.next()
}

fn row(partition: &str, sort: &str, body: &str) -> Row {
    Row {
        key: RowKey::new(partition, sort),
        revision: 1,
        body: Payload::of(body).unwrap(),
        indexes: [(Index(1), RowKey::new("totals/by", sort))].into(),
    }
}

fn listed(index: Option<Index>, limit: u32) -> RowQuery {
    let partition = if index.is_some() { "totals/by" } else { "totals#a" };
    RowQuery {
        index,
        partition: partition.to_owned(),
        between: None,
        newest_first: false,
        limit,
        after: None,
    }
}

async fn a_generation_has_its_own_rows_under_the_same_keys((views, _): ErasableViews) {
    let beside = in_generation(Arc::clone(&views), "totals", second());
    let (one, other) = (row("totals#a", "1", "live"), row("totals#a", "1", "beside"));
    views.write(std::slice::from_ref(&one)).await.unwrap();
    beside.write(std::slice::from_ref(&other)).await.unwrap();
    for (views, row) in [(&views, one), (&beside, other)] {
        let read = views.read(&[row.key.clone(), RowKey::new("totals#b", "1")]).await.unwrap();
        assert_eq!(read, [Some(row.clone()), None]);
        for index in [None, Some(Index(1))] {
            let page = views.list(&listed(index, 10)).await.unwrap();
            assert_eq!((page.rows, page.next), (vec![row.clone()], None));
        }
    }
}

async fn a_list_goes_on_in_another_generation((views, _): ErasableViews) {
    let beside = in_generation(Arc::clone(&views), "totals", second());
    for views in [&views, &beside] {
        for sort in ["1", "2", "3"] {
            views.write(&[row("totals#a", sort, sort)]).await.unwrap();
        }
    }
    for (from, to) in [(&views, &beside), (&beside, &views)] {
        for index in [None, Some(Index(1))] {
            let page = from.list(&listed(index, 2)).await.unwrap();
            let rest = RowQuery { after: page.next, ..listed(index, 2) };
            let rest = to.list(&rest).await.unwrap();
            let sorts: Vec<&str> =
                page.rows.iter().chain(&rest.rows).map(|row| row.key.sort.as_str()).collect();
            assert_eq!(sorts.concat(), "123");
        }
    }
}

/// Partitions of generation 1 of the view `totals`, of generation 2, and of others.
const PARTITIONS: [&[&str]; 3] = [
    &["totals", "totals#a", "totals#出来事", "totals/counted#Order#1"],
    &["totals@2/totals#a", "totals@2/totals/counted#Order#1", "totals/rebuild#2"],
    &[
        "totals/generations",
        "totals-2#a",
        "totals@22/totals#a",
        "total#a",
        "totals$",
        "operations#2026",
    ],
];

async fn erasing_deletes_the_rows_of_one_generation_and_no_other_row(
    (views, eraser): ErasableViews,
) {
    for partition in PARTITIONS.concat() {
        views.write(&[row(partition, "1", "x")]).await.unwrap();
        views.write(&[row(partition, "2", "x")]).await.unwrap();
    }
    let mut gone: Vec<&str> = Vec::new();
    for (generation, partitions) in
        [second(), Generation::FIRST].into_iter().zip([PARTITIONS[1], PARTITIONS[0]])
    {
        let rows = RowsOf::generation("totals", generation);
        let deleted = erase_all(&*eraser, &rows, &|_| {}).await.unwrap();
        assert_eq!(deleted, 2 * u64::try_from(partitions.len()).unwrap());
        gone.extend(partitions);
        for partition in PARTITIONS.concat() {
            let read =
                views.read(&[RowKey::new(partition, "1"), RowKey::new(partition, "2")]).await;
            let is_there = read.unwrap().iter().any(Option::is_some);
            assert_eq!(is_there, !gone.contains(&partition), "{partition} after {generation}");
        }
    }
}

async fn erasing_many_rows_takes_pages_and_can_be_repeated((views, eraser): ErasableViews) {
    let beside = in_generation(Arc::clone(&views), "totals", second());
    for place in 0..12_u32 {
        let sorts = (0..100).map(|it| format!("{it:03}"));
        let rows: Vec<Row> =
            sorts.map(|sort| row(&format!("totals#{place}"), &sort, "x")).collect();
        for rows in rows.chunks(ROWS_PER_CALL_MAX) {
            beside.write(rows).await.unwrap();
        }
    }
    let rows = RowsOf::generation("totals", second());
    // A call that is cut off: its page is gone, and the place is forgotten.
    let first = eraser.erase(&rows, None, 500).await.unwrap();
    assert!(first.next.is_some() && first.deleted <= 500);
    let rest = erase_all(&*eraser, &rows, &|_| {}).await.unwrap();
    assert_eq!(first.deleted + rest, 1200);
    assert_eq!(erase_all(&*eraser, &rows, &|_| {}).await.unwrap(), 0);
}
