//! Lists the processes whose deadlines are due, and puts them into the policy's queue.
//!
//! The ticker keeps no state. It lists the last minutes, and then older minutes at doubling ages: 8, 16, 32 minutes, and
//! so on. So a process whose row came late, because its view lagged or the ticker stood still, is found after at most
//! twice that delay. A listed process stays in the index until its deadline was handled, so a lost message is repaired by
//! a later tick; a second message changes nothing.

use std::{sync::Arc, time::Duration};

use futures_util::{
    StreamExt as _,
    future::{Either, select},
    stream,
};
use tracing::warn;

use super::{
    DUE_SHARDS, DeadlineQueue, DueProcess,
    processes::{DUE_INDEX, due_of, due_partition, minute_of},
};
use crate::{
    Host, Position, RowQuery, Timestamp, ViewError, ViewStore,
    batch::TIME_TO_STOP,
    generations::{generations_of, in_generation},
    limits::BUS_BATCH_MAX,
};

/// The ages, in minutes, of the minutes that each tick lists. The last is 22 days: more than a message can wait in a queue
/// and then in its dead-letter queue.
pub const MINUTES_LISTED: [i64; 18] =
    [0, 1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];

/// Processes that one tick takes from one partition. The next ticks list the rest.
pub const DUE_PER_PARTITION_MAX: usize = 10_000;

/// Rows of one page of an index.
const ROWS_PER_PAGE: u32 = 500;

/// Partitions that are listed side by side.
const PARTITIONS_AT_ONCE: usize = 8;

/// Requests to the queue at one time.
const SENDS_AT_ONCE: usize = 8;

const MINUTE_MS: i64 = 60_000;

/// Feeds the due processes of one policy.
#[derive(Clone)]
pub struct Ticker {
    /// The policy's name.
    pub policy: &'static str,
    /// The store of the view of its processes.
    pub views: Arc<dyn ViewStore>,
    /// The policy's queue.
    pub queue: Arc<dyn DeadlineQueue>,
    /// The clock.
    pub host: Arc<dyn Host>,
}

/// What one tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Processes that the queue took.
    pub queued: usize,
    /// Processes that it did not take. A later tick tries again.
    pub refused: usize,
    /// Partitions that could not be listed, or not to their end.
    pub unlisted: usize,
    /// How late the oldest listed deadline was.
    pub lateness_max: Duration,
}

impl Ticked {
    /// Whether everything that was due is in the queue.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.refused == 0 && self.unlisted == 0
    }

    fn and(self, other: Self) -> Self {
        Self {
            queued: self.queued + other.queued,
            refused: self.refused + other.refused,
            unlisted: self.unlisted + other.unlisted,
            lateness_max: self.lateness_max.max(other.lateness_max),
        }
    }
}

impl Ticker {
    /// Lists what is due now, and queues it. Ends before the time is over.
    pub async fn tick(&self, time_left: impl Fn() -> Duration + Sync) -> Ticked {
        let now = self.host.now();
        let partitions = partitions(self.policy, now);
        let live = match generations_of(&*self.views, self.policy).await {
            Ok(generations) => generations.live,
            Err(error) => {
                let policy = self.policy;
                warn!(policy, "{policy}: the live generation could not be read: {error}");
                return Ticked { unlisted: partitions.len(), ..Ticked::default() };
            }
        };
        let ticker = Self {
            views: in_generation(Arc::clone(&self.views), self.policy, live),
            ..self.clone()
        };
        let ticks = partitions.iter().map(|it| ticker.tick_partition(it, now, &time_left));
        // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
        let ticks: Vec<_> = ticks.collect();
        let mut ticked = Ticked { unlisted: partitions.len(), ..Ticked::default() };
        let mut work = stream::iter(ticks).buffer_unordered(PARTITIONS_AT_ONCE);
        // A list may hang until its time-out. So the lists race the time: an invocation that is stopped reports nothing.
        let mut alarm = self.host.alarm(time_left().saturating_sub(TIME_TO_STOP));
        while let Either::Right((Some(one), _)) = select(&mut alarm, work.next()).await {
            ticked.unlisted = ticked.unlisted.saturating_sub(1);
            ticked = ticked.and(one);
        }
        ticked
    }

    async fn tick_partition(
        &self,
        partition: &Partition,
        now: Timestamp,
        time_left: &(impl Fn() -> Duration + Sync),
    ) -> Ticked {
        let mut ticked = Ticked::default();
        let mut after: Option<Position> = None;
        let mut listed = 0;
        while listed < DUE_PER_PARTITION_MAX && time_left() > TIME_TO_STOP {
            let (due, next) = match self.page(partition, after).await {
                Ok(page) => page,
                Err(error) => {
                    let policy = self.policy;
                    warn!(policy, "{policy}: due processes could not be listed: {error}");
                    break;
                }
            };
            listed += due.len();
            let late = due.iter().map(|it| now.as_millis().saturating_sub(it.due_at.as_millis()));
            let late = u64::try_from(late.max().unwrap_or(0)).unwrap_or(0);
            ticked.lateness_max = ticked.lateness_max.max(Duration::from_millis(late));
            let (queued, refused) = self.queue(&due).await;
            ticked.queued += queued;
            ticked.refused += refused;
            match next {
                Some(next) => after = Some(next),
                None => return ticked,
            }
        }
        ticked.unlisted = 1;
        ticked
    }

    async fn page(
        &self,
        Partition { name, between }: &Partition,
        after: Option<Position>,
    ) -> Result<(Vec<DueProcess>, Option<Position>), ViewError> {
        let query = RowQuery {
            index: Some(DUE_INDEX),
            partition: name.clone(),
            between: Some(between.clone()),
            newest_first: false,
            limit: ROWS_PER_PAGE,
            after,
        };
        let page = self.views.list(&query).await?;
        let due = page.rows.iter().filter_map(|row| due_of(row.indexes.get(&DUE_INDEX)?));
        let due = due.map(|(due_at, process)| DueProcess {
            policy: self.policy.to_owned(),
            process,
            due_at,
        });
        Ok((due.collect(), page.next))
    }

    /// Returns how many the queue took, and how many not.
    async fn queue(&self, due: &[DueProcess]) -> (usize, usize) {
        let sends: Vec<_> = due.chunks(BUS_BATCH_MAX).map(|batch| self.send(batch)).collect();
        let queued = stream::iter(sends)
            .buffer_unordered(SENDS_AT_ONCE)
            .fold(0, |all, one| std::future::ready(all + one))
            .await;
        (queued, due.len().saturating_sub(queued))
    }

    async fn send(&self, batch: &[DueProcess]) -> usize {
        match self.queue.put(batch).await {
            Ok(answers) => answers.iter().filter(|it| it.is_ok()).count(),
            Err(error) => {
                let policy = self.policy;
                warn!(policy, "{policy}: due processes could not be queued: {error}");
                0
            }
        }
    }
}

/// An index partition, and the places in it that are due.
struct Partition {
    name: String,
    between: (String, String),
}

fn partitions(policy: &str, now: Timestamp) -> Vec<Partition> {
    let minutes = MINUTES_LISTED.iter().filter_map(|age| {
        let at = Timestamp::from_millis(now.as_millis().saturating_sub(age * MINUTE_MS)).ok()?;
        Some(minute_of(at))
    });
    let of_minute = |minute: String| {
        (0..DUE_SHARDS).map(move |shard| Partition {
            name: due_partition(policy, &minute, shard),
            // A place begins with its moment, followed by '#'. '$' comes after '#'.
            between: (minute.clone(), format!("{now}$")),
        })
    };
    minutes.flat_map(of_minute).collect()
}
