//! A topic of a broker, as a subject of the contract suites.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::Bus;
use dekigoto_kafka::{Cluster, KIND_HEADER, KafkaBus, KafkaReader, LogRecord, REQUEST_BYTES_MAX};
use dekigoto_testkit::{Arrived, BusPromises, BusSubject};

use crate::clock;

/// Time to wait for a message that should arrive, and for one that should not.
const ARRIVES_WITHIN: Duration = Duration::from_secs(10);
const STAYS_AWAY_FOR: Duration = Duration::from_millis(150);

static TOPICS: AtomicUsize = AtomicUsize::new(0);

/// The name of a topic that no other test uses.
pub(crate) fn fresh_name() -> String {
    format!("t{}-{}", std::process::id(), TOPICS.fetch_add(1, Ordering::Relaxed))
}

pub(crate) struct Topic {
    pub(crate) cluster: Cluster,
    pub(crate) name: String,
}

impl Topic {
    /// A new topic with three partitions.
    pub(crate) async fn fresh(brokers: &str) -> Box<dyn BusSubject> {
        let (cluster, name) = (Cluster::new(brokers), fresh_name());
        cluster.create_topic(&name, 3).await.unwrap();
        Box::new(Self { cluster, name })
    }
}

#[async_trait]
impl BusSubject for Topic {
    fn bus(&self) -> Arc<dyn Bus> {
        Arc::new(KafkaBus::new(&self.cluster, &*self.name))
    }

    fn missing(&self) -> Option<Arc<dyn Bus>> {
        Some(Arc::new(KafkaBus::new(&self.cluster, "no-such-topic")))
    }

    fn promises(&self) -> BusPromises {
        let body_bytes_refused = Some(REQUEST_BYTES_MAX);
        BusPromises { keeps_order: true, carries_attributes: true, body_bytes_refused }
    }

    async fn arrived(&self, count: usize) -> Vec<Arrived> {
        let reader = KafkaReader::open(&self.cluster, &[&self.name]).await.unwrap();
        let (began, mut all) = (clock(), Vec::new());
        while all.len() < count && clock() - began < ARRIVES_WITHIN {
            all.extend(reader.next(STAYS_AWAY_FOR).await.unwrap());
        }
        all.extend(reader.next(STAYS_AWAY_FOR).await.unwrap());
        all.into_iter().map(arrived).collect()
    }
}

fn arrived(record: LogRecord) -> Arrived {
    let kind = record.headers.get(KIND_HEADER).cloned();
    let attributes = record.headers.into_iter().collect();
    Arrived { key: Some(record.key), kind, body: record.body, attributes }
}
