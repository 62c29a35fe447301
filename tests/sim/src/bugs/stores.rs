//! Planted bugs of the event store.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    AppendError, Bus as _, Commit, EventStore, Host as _, Message, ReadError, ReadFrom,
    StoredCommit, StreamId,
    replay::{ReplayPage, ReplayPosition, ReplaySource},
};
use dekigoto_testkit::sim::{EventTable, Machine, TablePort, Topic, TopicPort};

use super::Bug;

/// The event table with the bug, or the correct one if the bug is elsewhere.
pub(super) fn planted(
    bug: Bug,
    port: TablePort,
    table: &EventTable,
    topic: &Topic,
    machine: &Machine,
) -> Arc<dyn EventStore> {
    Arc::new(Planted {
        bug,
        port,
        table: table.clone(),
        topic: topic.port(machine),
        machine: machine.clone(),
        cache: Mutex::default(),
    })
}

struct Planted {
    bug: Bug,
    port: TablePort,
    table: EventTable,
    topic: TopicPort,
    machine: Machine,
    cache: Mutex<BTreeMap<String, Vec<Commit>>>,
}

#[async_trait]
impl EventStore for Planted {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        match self.bug {
            Bug::AckBeforeWrite => {
                let (port, commit) = (self.port.clone(), commit.clone());
                let sim = self.machine.sim().clone();
                self.machine.sim().spawn(async move {
                    sim.sleep(Duration::from_secs(1)).await;
                    let _ = port.append(&commit).await;
                });
                return Ok(());
            }
            Bug::PublishBeforeCommit => {
                let messages: Vec<Message> =
                    commit.envelopes().map(|event| Message::of(&event)).collect();
                let _ = self.topic.send(&messages).await;
            }
            _ => {}
        }
        let appended = self.port.append(commit).await;
        match (self.bug, appended) {
            (Bug::UnknownIsSuccess, Err(AppendError::Unknown(_))) => Ok(()),
            (Bug::RetryWithoutLookup, Err(AppendError::Unknown(_))) => {
                self.port.append(&self.at_the_end(commit)).await
            }
            (Bug::Overwrite, Err(AppendError::Conflict { .. })) => {
                self.table.damage(StoredCommit::from(commit));
                Ok(())
            }
            (_, appended) => appended,
        }
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        match self.bug {
            Bug::OrdinalAsText if from == ReadFrom::Newest => {
                let mut page = self.port.read(stream, from, u32::MAX).await?;
                page.sort_by_key(|commit| std::cmp::Reverse(commit.ordinal().get().to_string()));
                page.truncate(1);
                match page.pop() {
                    Some(newest) => {
                        self.port.read(stream, ReadFrom::Down(newest.ordinal()), limit).await
                    }
                    None => Ok(page),
                }
            }
            Bug::StaleReads if from == ReadFrom::Newest => {
                let mut page = self.port.read(stream, from, limit).await?;
                if self.machine.random().as_bytes()[0] < 64 && !page.is_empty() {
                    page.remove(0);
                }
                Ok(page)
            }
            Bug::CachedReads if from == ReadFrom::Newest => {
                let known = self.cache.lock().unwrap().get(&stream.key()).cloned();
                if let Some(known) = known {
                    return Ok(known);
                }
                let page = self.port.read(stream, from, limit).await?;
                self.cache.lock().unwrap().insert(stream.key(), page.clone());
                Ok(page)
            }
            _ => self.port.read(stream, from, limit).await,
        }
    }
}

impl Planted {
    /// The same commit at the next free place.
    fn at_the_end(&self, commit: &Commit) -> Commit {
        let key = commit.stream().key();
        let ordinals = self.table.items().into_iter().filter(|item| item.pk == key).count();
        let sk = u64::try_from(ordinals).unwrap() + 1;
        let v = u64::try_from(self.table.len(&key)).unwrap() + 1;
        Commit::try_from(StoredCommit { sk, v, ..StoredCommit::from(commit) }).unwrap()
    }
}

pub(super) struct StopsAtUnreadable(pub(super) TablePort);

#[async_trait]
impl ReplaySource for StopsAtUnreadable {
    async fn scan(
        &self,
        segment: u32,
        of_segments: u32,
        after: Option<&ReplayPosition>,
        limit: u32,
    ) -> Result<ReplayPage, ReadError> {
        let mut page = self.0.scan(segment, of_segments, after, limit).await?;
        page.corrupt.pop().map_or(Ok(page), |corrupt| Err(ReadError::Corrupt(corrupt)))
    }
}
