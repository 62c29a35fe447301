//! An event store that answers from a scanned page. A projector asks the store for what a message claims; in a rebuild
//! the commits have just been read, so a second read would only cost.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{AppendError, Commit, Envelope, EventStore, Ordinal, ReadError, ReadFrom, StreamId};

/// The commits of a page in front of the store that they come from.
pub(super) struct PageStore {
    /// By stream, and in order.
    page: Vec<Commit>,
    store: Arc<dyn EventStore>,
}

impl PageStore {
    pub(super) fn new(mut page: Vec<Commit>, store: Arc<dyn EventStore>) -> Self {
        page.sort_by(|one, other| place(one).cmp(&place(other)));
        Self { page, store }
    }

    /// The newest commits of a stream up to `top`, if the page is known to hold as many as are wanted.
    fn down(&self, stream: &StreamId, top: Ordinal, limit: u32) -> Option<Vec<Commit>> {
        let end = self.page.partition_point(|commit| place(commit) <= (stream, top));
        let up_to_top = self.page.iter().take(end).rev();
        let newest_first = up_to_top.take_while(|commit| commit.stream() == stream);
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let found: Vec<Commit> = newest_first.take(limit).cloned().collect();
        // Between two commits of a page none may be missing, as after a damaged item.
        let follows =
            |(newer, older): (&Commit, &Commit)| older.ordinal().plus(1) == newer.ordinal();
        let is_whole = found.iter().zip(found.iter().skip(1)).all(follows);
        let is_enough = found.len() == limit
            || found.last().is_some_and(|oldest| oldest.ordinal() == Ordinal::FIRST);
        (is_whole && is_enough).then_some(found)
    }
}

fn place(commit: &Commit) -> (&StreamId, Ordinal) {
    (commit.stream(), commit.ordinal())
}

#[async_trait]
impl EventStore for PageStore {
    async fn append(&self, _: &Commit) -> Result<(), AppendError> {
        Err(AppendError::Broken("a rebuild appends nothing".into()))
    }

    /// A page is asked about its own events only.
    fn vouches_for(&self, _: &[Envelope]) -> bool {
        true
    }

    /// A commit that was appended after the scan may be missing, as if the read had been before.
    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        let found = match from {
            ReadFrom::Down(top) => self.down(stream, top, limit),
            ReadFrom::Newest | ReadFrom::Up(_) => None,
        };
        match found {
            Some(found) => Ok(found),
            None => self.store.read(stream, from, limit).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CommandKey, Context, Fingerprint, Head, NewEvent, Payload, Timestamp, memory::MemoryStore,
    };

    /// A store with these many commits of one event, and the commits.
    async fn stored(commits: u64) -> (StreamId, Arc<MemoryStore>, Vec<Commit>) {
        let stream = StreamId::new("Tally", "a").unwrap();
        let (store, mut head) = (MemoryStore::new(), Head::empty(stream.clone()));
        let mut all = Vec::new();
        for number in 0..commits {
            let payload = Payload::of(&number).unwrap();
            let event = NewEvent { event_type: "Added".to_owned(), schema_version: 1, payload };
            let context = Context {
                at: Timestamp::EPOCH,
                key: CommandKey::try_from(format!("key-{number}")).unwrap(),
                actor: "ann".to_owned(),
                correlation_id: "c".to_owned(),
                causation_id: None,
                traceparent: None,
            };
            let commit =
                Commit::after(&head, vec![event], context, Fingerprint::of(&["x"])).unwrap();
            store.append(&commit).await.unwrap();
            head = commit.head();
            all.push(commit);
        }
        (stream, Arc::new(store), all)
    }

    #[tokio::test]
    async fn a_page_answers_as_the_store_does_whatever_part_of_the_stream_it_holds_in_any_order() {
        let (stream, store, all) = stored(6).await;
        for held in 0..1_u32 << all.len() {
            let is_held = |place: &usize| held >> place & 1 == 1;
            let places = (0..all.len()).filter(is_held).rev();
            let page = places.map(|place| all[place].clone()).collect();
            let page = PageStore::new(page, store.clone());
            for (top, limit) in (1..=6).flat_map(|top| (1..=6).map(move |limit| (top, limit))) {
                let from = ReadFrom::Down(Ordinal::new(top).unwrap());
                let (ours, theirs) =
                    (page.read(&stream, from, limit), store.read(&stream, from, limit));
                let (ours, theirs) = (ours.await.unwrap(), theirs.await.unwrap());
                // A commit above those of the page may be missing, as if the page had been read before it.
                let newest =
                    (0..all.len()).filter(is_held).map(|place| place + 1).max().unwrap_or(0);
                if usize::try_from(top).unwrap() <= newest {
                    let is_hidden = !is_held(&(usize::try_from(top).unwrap() - 1));
                    assert!(ours == theirs || is_hidden, "{held:b}: {top}, {limit}");
                }
                assert!(ours.windows(2).all(|pair| pair[1].ordinal().plus(1) == pair[0].ordinal()));
            }
        }
    }
}
