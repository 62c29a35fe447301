//! A consumer of a process, as a member of a group.

use std::{collections::BTreeMap, time::Duration};

use dekigoto::{
    MessageHandler,
    batch::{Delivered, Outcome, Report},
    log::{Partition, Place, first_failures, park},
};
use krafka::consumer::{
    AutoOffsetReset, Consumer, ConsumerRecord, OffsetAndMetadata, TopicPartition,
};

use crate::{
    Cluster,
    failure::KafkaFailure,
    reader::partitions_of,
    stuck::{ATTEMPTS_MAX, Stuck},
};

/// Records in one batch, as the template's batch size of a view.
const BATCH_RECORDS_MAX: i32 = 99;

/// Time of one batch.
const BATCH_TIME: Duration = Duration::from_secs(30);

/// Time without a batch after which the group takes the partitions away. A batch and its commit must end before.
const POLL_GAP_MAX: Duration = Duration::from_secs(120);

const POLL_TIME: Duration = Duration::from_secs(1);

/// Time without a heartbeat after which the group takes the partitions away: a process that was killed holds them that long.
const SESSION_TIME: Duration = Duration::from_secs(6);

const HEARTBEAT_EVERY: Duration = Duration::from_secs(2);

/// Time after a failure of the broker.
const RECONNECT_WAIT: Duration = Duration::from_secs(1);

const _: () = assert!(BATCH_TIME.as_secs() < POLL_GAP_MAX.as_secs());
const _: () = assert!(2 * HEARTBEAT_EVERY.as_secs() < SESSION_TIME.as_secs());

/// Sees what a consumer does.
pub trait Observer: Send + Sync {
    /// A batch has ended.
    fn handled(&self, handler: &str, report: &Report);

    /// The broker failed, or the group took a partition away. The consumer goes on.
    fn trouble(&self, handler: &str, cause: &KafkaFailure);
}

/// A member of a group. It hands records to a projector or a process manager, and commits an offset when everything before
/// it has been handled. So nothing is lost when a process ends, or when the group gives a partition to another member; what
/// was handled and not committed comes again.
///
/// A record that must be delivered again holds up its partition, and the others go on.
#[derive(Debug)]
pub struct KafkaConsumer {
    cluster: Cluster,
    group: String,
    topics: Vec<String>,
}

impl KafkaConsumer {
    /// A new member of this group, which reads these topics from their beginnings.
    #[must_use]
    pub fn new(
        cluster: &Cluster,
        group: impl Into<String>,
        topics: impl IntoIterator<Item = String>,
    ) -> Self {
        let (cluster, topics) = (cluster.clone(), topics.into_iter().collect());
        Self { cluster, group: group.into(), topics }
    }

    /// Hands records to `handler` until `stop` ends; then it leaves the group.
    pub async fn run(
        &self,
        handler: &dyn MessageHandler,
        observer: &dyn Observer,
        stop: impl Future<Output = ()>,
    ) {
        let mut stop = std::pin::pin!(stop);
        let mut member = Member { handler, observer, stuck: Stuck::default() };
        loop {
            let cause = match self.join().await {
                Ok(consumer) => {
                    let ended = tokio::select! {
                        // A batch is dropped in the middle: it was not committed.
                        () = &mut stop => None,
                        cause = member.consume(&consumer) => Some(cause),
                    };
                    // The group notices by itself if the member cannot say so.
                    let _ = consumer.close().await;
                    ended
                }
                Err(cause) => Some(cause),
            };
            let Some(cause) = cause else { return };
            observer.trouble(&handler.title(), &cause);
            tokio::select! {
                () = &mut stop => return,
                () = handler.host().sleep(RECONNECT_WAIT) => {}
            }
        }
    }

    async fn join(&self) -> Result<Consumer, KafkaFailure> {
        let kafka = self.cluster.connect().await?;
        let consumer = kafka
            .consumer(&*self.group)
            .enable_auto_commit(false)
            // A position that no longer exists, or none: nothing is skipped.
            .auto_offset_reset(AutoOffsetReset::Earliest)
            .max_poll_records(BATCH_RECORDS_MAX)
            .max_poll_interval(POLL_GAP_MAX)
            .session_timeout(SESSION_TIME)
            .heartbeat_interval(HEARTBEAT_EVERY)
            .metrics_push(false)
            .build()
            .await
            .map_err(|error| KafkaFailure::of(&error))?;
        // A member of a group would wait for a missing topic without a word.
        for topic in &self.topics {
            partitions_of(&consumer, topic).await?;
        }
        consumer.subscribe(&self.topics).await.map_err(|error| KafkaFailure::of(&error))?;
        Ok(consumer)
    }
}

/// One member, across its connections.
struct Member<'a> {
    handler: &'a dyn MessageHandler,
    observer: &'a dyn Observer,
    stuck: Stuck,
}

impl Member<'_> {
    /// Handles batches until the broker fails.
    async fn consume(&mut self, consumer: &Consumer) -> KafkaFailure {
        loop {
            let host = self.handler.host();
            for partition in self.stuck.due(host) {
                consumer.resume(&partition.topic, &[partition.number]).await;
            }
            let wait = self.stuck.shortest(POLL_TIME, host);
            let outcome = match consumer.poll(wait).await {
                Ok(records) if records.is_empty() => continue,
                Ok(records) => self.batch(consumer, &records).await,
                Err(error) => Err(KafkaFailure::of(&error)),
            };
            if let Err(cause) = outcome {
                return cause;
            }
        }
    }

    async fn batch(
        &mut self,
        consumer: &Consumer,
        records: &[ConsumerRecord],
    ) -> Result<(), KafkaFailure> {
        let host = self.handler.host();
        let end = host.monotonic().saturating_add(BATCH_TIME);
        let time_left = move || end.saturating_sub(host.monotonic());
        let messages: Vec<_> = records.iter().map(delivered).collect();
        let mut report = self.handler.handle(messages.clone(), &time_left).await;
        self.count_failures(&messages, &mut report).await;
        self.observer.handled(&self.handler.title(), &report);
        self.settle(consumer, records, &first_failures(&report)).await
    }

    /// Counts the first failure of each partition, and parks what has failed too often.
    async fn count_failures(&mut self, messages: &[Delivered<String>], report: &mut Report) {
        let host = self.handler.host();
        let first = first_failures(report);
        for place in &first {
            if self.stuck.failed(place, host) >= ATTEMPTS_MAX {
                self.give_up(messages, place, report).await;
            }
        }
        // Behind a parked record, another one may have failed.
        for place in first_failures(report).iter().filter(|place| !first.contains(place)) {
            self.stuck.failed(place, host);
        }
    }

    /// Parks the record at this place with the reason of its last failure. If that fails, it stays a failure.
    async fn give_up(&self, messages: &[Delivered<String>], place: &Place, report: &mut Report) {
        let id = place.to_string();
        let Some(message) = messages.iter().find(|it| it.id == id) else { return };
        let known = report.reasons.iter().find(|(it, _)| *it == id);
        let last = known.map_or("", |(_, reason)| reason);
        let reason = format!("gave up after {ATTEMPTS_MAX} attempts: {last}");
        if park(self.handler.parking(), &id, &message.record, &reason).await.is_err() {
            return;
        }
        report.failed.retain(|it| *it != id);
        report.reasons.retain(|(it, _)| *it != id);
        report.tally.retried = report.tally.retried.saturating_sub(1);
        report.tally.count(&Outcome::Parked(String::new()));
        report.reasons.push((id, reason));
    }

    /// Goes back to what failed, and commits everything before it.
    async fn settle(
        &mut self,
        consumer: &Consumer,
        records: &[ConsumerRecord],
        failures: &[Place],
    ) -> Result<(), KafkaFailure> {
        let mut next: BTreeMap<Partition, i64> = BTreeMap::new();
        for record in records {
            let offset = next.entry(partition_of(record)).or_insert(0);
            *offset = (record.offset + 1).max(*offset);
        }
        next.keys().for_each(|partition| self.stuck.passed_unless_at(partition, failures));
        for Place { partition, offset } in failures {
            let Partition { topic, number } = partition;
            consumer.pause(topic, &[*number]).await;
            // If this fails, the position is behind the failure. A new connection begins at the commit.
            let sought = consumer.seek(topic, *number, *offset).await;
            sought.map_err(|error| KafkaFailure::of(&error))?;
            next.insert(partition.clone(), *offset);
        }
        let commits = next.into_iter().map(|(partition, offset)| {
            let Partition { topic, number } = partition;
            (TopicPartition::new(topic, number), OffsetAndMetadata::new(offset))
        });
        if let Err(error) = consumer.commit_offsets(commits.collect::<Vec<_>>()).await {
            // The next commit says the same. If the group has taken the partition away, its next owner handles the records
            // again.
            self.observer.trouble(&self.handler.title(), &KafkaFailure::of(&error));
        }
        Ok(())
    }
}

fn delivered(record: &ConsumerRecord) -> Delivered<String> {
    let value = record.value.as_deref().unwrap_or_default();
    let place = Place { partition: partition_of(record), offset: record.offset };
    Delivered { id: place.to_string(), record: String::from_utf8_lossy(value).into_owned() }
}

pub(crate) fn partition_of(record: &ConsumerRecord) -> Partition {
    Partition { topic: record.topic.to_string(), number: record.partition }
}
