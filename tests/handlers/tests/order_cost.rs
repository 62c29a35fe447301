//! What an order costs: place, pay, ship and deliver, and all that follows, with one record a batch, which is the most that
//! an order can cost. The code of the functions runs on the real adapters, and an embedded DynamoDB charges the units; the
//! local AWS of `make deploy-local` charges none. `make order-cost` writes the table of the README.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use aws_sdk_dynamodb::types::ProjectionType;
use dekigoto_dynamodb::{DynamoEventStore, DynamoViewStore};

use crate::{engine, journey::Journey, log::Log, log_cost::bytes_before, support::Functions};

const BEGIN: &str = "<!-- order-cost:begin -->\n";
const END: &str = "<!-- order-cost:end -->";

/// The list prices that `dekigoto cost` uses.
const PRICES: &str = include_str!("../../../shared/ops/src/prices.json");

/// Requests that one message of a queue takes: it is sent, received and deleted.
const REQUESTS_PER_MESSAGE: f64 = 3.0;

/// What one order uses.
#[derive(Clone, Copy, Debug)]
struct Used {
    api_requests: f64,
    requests: f64,
    write_units: f64,
    read_units: f64,
    invocations: f64,
    topic: f64,
    bus: f64,
    queues: f64,
    log_bytes: f64,
}

impl Used {
    /// List price of a million orders. The duration of the functions is not in it.
    fn dollars_for_a_million(self) -> f64 {
        let prices: BTreeMap<String, serde_json::Value> = serde_json::from_str(PRICES).unwrap();
        let price = |name: &str| prices[name].as_f64().unwrap();
        self.write_units * price("millionWriteUnits")
            + self.read_units * price("millionReadUnits")
            + self.invocations * price("millionInvocations")
            + self.topic * price("millionTopicMessages")
            + self.bus * price("millionBusEvents")
            + self.queues * REQUESTS_PER_MESSAGE * price("millionQueueRequests")
            + self.api_requests * price("millionApiRequests")
            + self.log_bytes * 1_000_000.0 / 1_073_741_824.0 * price("gigabyteOfLogs")
    }

    fn line(self, when: &str) -> String {
        let messages = self.topic + self.bus + self.queues;
        format!(
            "| {when} | {} | {} | {} | {} | {} | {messages} | {} | {:.1} |\n",
            self.api_requests,
            self.requests,
            self.write_units,
            self.read_units,
            self.invocations,
            self.log_bytes,
            self.dollars_for_a_million(),
        )
    }
}

fn count(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// One order on an embedded DynamoDB.
async fn measured() -> Used {
    let (client, meter) = engine::start().await;
    engine::event_table(&client, "events").await;
    engine::view_table(&client, "views", &ProjectionType::KeysOnly).await;
    let functions = Functions::on(
        Arc::new(DynamoEventStore::new(client.clone(), "events")),
        Arc::new(DynamoViewStore::new(client.clone(), "views")),
        Arc::new(DynamoEventStore::new(client, "events")),
    );
    let log = Log::start();
    let journey = Journey::of_one_order_on(functions).await;
    let (units, log_bytes) = (meter.take(), log.text().len());
    Used {
        api_requests: count(journey.requests),
        requests: units.requests,
        write_units: units.write_units,
        read_units: units.read_units,
        invocations: count(journey.invocations.len()),
        topic: count(journey.messages.topic),
        bus: count(journey.messages.bus),
        queues: count(journey.messages.queues),
        log_bytes: count(log_bytes),
    }
}

/// The same order before metrics, short logs and generations, measured by this test in the code of commit 7e19855.
fn before() -> Used {
    Used {
        api_requests: 4.0,
        requests: 65.0,
        write_units: 31.0,
        read_units: 46.0,
        invocations: 29.0,
        topic: 10.0,
        bus: 5.0,
        queues: 16.0,
        log_bytes: count(bytes_before(29)),
    }
}

#[tokio::test]
async fn the_readme_shows_what_an_order_costs() {
    let used = measured().await;
    let table = [
        "| one order | API requests | DynamoDB requests | write units | read units | invocations | messages | log bytes | \
         $ a million |\n|---|---|---|---|---|---|---|---|---|\n",
        &before().line("before (7e19855)"),
        &used.line("now"),
    ]
    .concat();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("WRITE_COST").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(found, table, "`make order-cost` writes the table");
    }
}
