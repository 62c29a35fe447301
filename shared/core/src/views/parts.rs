//! A row across aggregates is the sum of parts, one for each writing process, so that writers of a hot row do not
//! conflict.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU8, Ordering},
};

use tracing::warn;

use super::{Across, AcrossView, RowError};
use crate::{Host, Row, RowKey, RowQuery, ViewStore};

/// Parts that one row has at most.
pub const PARTS_MAX: u8 = 32;

/// Parts that one page of a list asks for.
const PARTS_PER_PAGE: u32 = 1000;

/// The separator between a row's `sort` and the place of a part.
const PART: &str = "#w";

/// The key of a row's part at a place. It holds the schema, so that code of another schema never overwrites the part.
pub(super) fn part_key(key: &RowKey, schema: u32, place: u8) -> RowKey {
    RowKey::new(&*key.partition, format!("{}{PART}{schema}.{place:02}", key.sort))
}

/// The key of the row that a part belongs to. A row that older code wrote without parts has no place, and counts as a
/// part.
fn whole_key(part: &RowKey) -> RowKey {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_place =
        |place: &str| place.split_once('.').is_some_and(|(a, b)| is_number(a) && is_number(b));
    match part.sort.rsplit_once(PART) {
        Some((sort, place)) if is_place(place) => RowKey::new(&*part.partition, sort),
        _ => part.clone(),
    }
}

/// The place where this process writes its parts. It is chosen at the first write, and again after a conflict with
/// another process, so that each process soon has its own place.
pub(super) struct Writer(AtomicU8);

/// The place before the first write.
const NOWHERE: u8 = u8::MAX;
const _: () = assert!(PARTS_MAX < NOWHERE);

impl Default for Writer {
    fn default() -> Self {
        Self(AtomicU8::new(NOWHERE))
    }
}

impl Writer {
    pub(super) fn place(&self, host: &dyn Host) -> u8 {
        match self.0.load(Ordering::Relaxed) {
            NOWHERE => self.moved(host),
            place => place,
        }
    }

    /// Chooses another place.
    pub(super) fn moved(&self, host: &dyn Host) -> u8 {
        let [random, ..] = *host.random().as_bytes();
        let place = random % PARTS_MAX;
        self.0.store(place, Ordering::Relaxed);
        place
    }
}

impl<V: AcrossView> Across<V> {
    /// The row with this key: the sum of its parts. `None` when nothing was counted.
    ///
    /// # Errors
    /// [`RowError`], also when a part cannot be read, because the sum would be wrong.
    pub async fn read(views: &dyn ViewStore, key: &RowKey) -> Result<Option<V::Row>, RowError> {
        // '~' sorts after every digit.
        let between = (key.sort.clone(), format!("{}{PART}~", key.sort));
        let mut sums = sums::<V>(views, &key.partition, Some(between)).await?;
        sums.remove(key).transpose()
    }

    /// The rows of a partition with a `sort` between these two, both included, in key order; without bounds, all rows.
    /// A row that cannot be read is logged and left out, so that the rest of the list is still shown.
    ///
    /// # Errors
    /// [`RowError`] when the view store does not answer.
    pub async fn list(
        views: &dyn ViewStore,
        partition: &str,
        between: Option<(String, String)>,
    ) -> Result<Vec<(RowKey, V::Row)>, RowError> {
        let between = between.map(|(first, last)| (first, format!("{last}{PART}~")));
        let mut rows = Vec::new();
        for (key, sum) in sums::<V>(views, partition, between).await? {
            match sum {
                Ok(row) => rows.push((key, row)),
                Err(error) => warn!("A row was left out of a list: {error}"),
            }
        }
        Ok(rows)
    }
}

type Sums<R> = BTreeMap<RowKey, Result<R, RowError>>;

async fn sums<V: AcrossView>(
    views: &dyn ViewStore,
    partition: &str,
    between: Option<(String, String)>,
) -> Result<Sums<V::Row>, RowError> {
    let mut query = RowQuery {
        index: None,
        partition: partition.to_owned(),
        between,
        newest_first: false,
        limit: PARTS_PER_PAGE,
        after: None,
    };
    let mut sums = Sums::new();
    loop {
        let page = views.list(&query).await?;
        for part in &page.rows {
            add::<V>(&mut sums, part);
        }
        let Some(next) = page.next else { return Ok(sums) };
        query.after = Some(next);
    }
}

fn add<V: AcrossView>(sums: &mut Sums<V::Row>, part: &Row) {
    let sum = sums.entry(whole_key(&part.key)).or_insert_with(|| Ok(V::Row::default()));
    match (part.body.read(), sum) {
        (Ok(part), Ok(sum)) => V::add(sum, part),
        (Err(cause), sum) => *sum = Err(RowError::unreadable(&part.key, &cause)),
        (Ok(_), Err(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::ManualHost;

    #[test]
    fn the_key_of_a_row_is_read_back_from_the_key_of_its_part() {
        let row = RowKey::new("sales#2026-11", "2026-11-23#JPY");
        let part = part_key(&row, 1, 7);
        assert_eq!(part.sort, "2026-11-23#JPY#w1.07");
        assert_eq!((whole_key(&part), whole_key(&row)), (row.clone(), row));
        for sort in ["a#w", "a#w1", "a#w1.", "a#w.1", "a#wx.1", "a#west.1"] {
            assert_eq!(whole_key(&RowKey::new("p", sort)).sort, sort);
        }
    }

    #[test]
    fn a_writer_keeps_its_place_until_it_moves() {
        let (writer, host) = (Writer::default(), ManualHost::new());
        let place = writer.place(&host);
        assert!(place < PARTS_MAX);
        assert_eq!(writer.place(&host), place);
        let moved: Vec<u8> = (0..8).map(|_| writer.moved(&host)).collect();
        assert!(moved.iter().any(|other| *other != place), "{moved:?}");
        assert_eq!(Some(&writer.place(&host)), moved.last());
    }
}
