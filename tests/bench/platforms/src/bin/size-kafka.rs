//! A program with the adapter for Kafka, for `make sizes`.

use dekigoto::Bus as _;
use dekigoto_kafka::{Cluster, KafkaBus, KafkaReader};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let cluster = Cluster::on_msk("127.0.0.1:9098", "eu-central-1");
    let sent = KafkaBus::new(&cluster, "events").send(&[]).await;
    let read = KafkaReader::open(&cluster, &["events"]).await;
    println!("{:?} {}", sent.map(|it| it.len()), read.is_ok());
}
