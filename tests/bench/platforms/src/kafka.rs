//! Kafka: batches of ten, acknowledged.

use std::time::Duration;

use dekigoto::{Bus as _, Message, Timestamp, limits::BUS_BATCH_MAX};
use dekigoto_kafka::{Cluster, KafkaBus};
use krafka::{Kafka, Record};

use crate::turns::{Row, fresh, turns};

pub(crate) async fn measure(brokers: &str) -> Vec<Row> {
    let cluster = Cluster::new(brokers);
    let topic = format!("bench-{}", fresh());
    cluster.create_topic(&topic, 3).await.unwrap();
    let bus = KafkaBus::new(&cluster, &*topic);
    let kafka = Kafka::builder(brokers).connect().await.unwrap();
    let producer = kafka.producer().linger(Duration::ZERO).build().await.unwrap();
    let body = "x".repeat(300);
    let (ours, theirs) = turns(
        1,
        async |_| {
            let message = |_| Message {
                key: format!("k{}", fresh()),
                body: body.clone(),
                attributes: Vec::new(),
                kind: "Benched".to_owned(),
                at: Timestamp::from_millis(1_795_424_400_123).unwrap(),
            };
            let batch: Vec<_> = (0..BUS_BATCH_MAX).map(message).collect();
            assert!(bus.send(&batch).await.unwrap().iter().all(Result::is_ok));
        },
        async |_| {
            let mut handles = Vec::new();
            for _ in 0..BUS_BATCH_MAX {
                let record = Record::new(&*topic, body.clone()).key(format!("k{}", fresh()));
                let record = record.header("eventType", "Benched");
                handles.push(producer.enqueue(record).await.unwrap());
            }
            for handle in handles {
                let _ = handle.await.unwrap();
            }
        },
    )
    .await;
    let what = "Kafka: a batch of ten messages, acknowledged".to_owned();
    vec![Row {
        what,
        bare: "ten records of a bare producer",
        ours,
        theirs: Some(theirs),
        budget: Some(0.85),
    }]
}
