//! Several partitions of an index are listed as one.

use std::collections::BTreeMap;

use dekigoto::{
    Index, Payload, Row, RowKey, RowQuery, ViewStore as _, memory::MemoryViews, views::list_merged,
};
use proptest::prelude::*;

const LISTED: Index = Index(1);

/// A row in one of the partitions `0`, `1` and `2`.
fn row(sort: u32, partition: usize) -> Row {
    let place = RowKey::new(partition.to_string(), format!("{sort:03}"));
    Row {
        key: RowKey::new("row", format!("{sort:03}")),
        revision: 1,
        body: Payload::of(&sort).unwrap(),
        indexes: BTreeMap::from([(LISTED, place)]),
    }
}

/// The sorts of all pages.
async fn pages(views: &MemoryViews, newest_first: bool, limit: u32) -> Vec<Vec<String>> {
    let partitions = ["0", "1", "2"].map(str::to_owned);
    let mut query = RowQuery {
        index: None,
        partition: String::new(),
        between: None,
        newest_first,
        limit,
        after: None,
    };
    let mut pages = Vec::new();
    loop {
        let page = list_merged(views, LISTED, &partitions, &query).await.unwrap();
        pages.push(page.rows.into_iter().map(|row| row.key.sort).collect());
        assert!(pages.len() < 100, "the list does not end");
        match page.next {
            Some(next) => query.after = Some(next),
            None => return pages,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn partitions_listed_as_one_give_each_row_once_and_in_order_at_every_page_size(
        partitions in prop::collection::vec(0..3_usize, 0..30),
        newest_first in any::<bool>(),
        limit in 1..8_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let views = MemoryViews::new();
            let mut sorts = Vec::new();
            for (sort, partition) in (0..).zip(&partitions) {
                views.write(&[row(sort, *partition)]).await.unwrap();
                sorts.push(format!("{sort:03}"));
            }
            if newest_first {
                sorts.reverse();
            }
            let pages = pages(&views, newest_first, limit).await;
            assert_eq!(pages.concat(), sorts);
            let limit = usize::try_from(limit).unwrap();
            let full = pages.len().saturating_sub(1);
            assert!(pages[..full].iter().all(|page| page.len() == limit), "{pages:?}");
        });
    }
}
