//! What an order uses, and its list price.

use std::collections::BTreeMap;

use crate::engine;

/// The list prices that `dekigoto cost` uses.
const PRICES: &str = include_str!("../../../../shared/ops/src/prices.json");

/// What orders use, beside the duration of the functions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) api_requests: f64,
    pub(super) requests: f64,
    pub(super) write_units: f64,
    pub(super) read_units: f64,
    pub(super) invocations: f64,
    pub(super) topic: f64,
    /// AWS charges the requests of a topic: ten messages of one `PublishBatch` are one, up to 64 KB.
    pub(super) topic_requests: f64,
    /// AWS charges the events of a bus.
    pub(super) bus: f64,
    pub(super) queues: f64,
    pub(super) queue_requests: f64,
    pub(super) log_bytes: f64,
}

impl Used {
    /// List price of a million times this. The duration of the functions is not in it.
    pub(super) fn dollars_for_a_million(self) -> f64 {
        let prices: BTreeMap<String, serde_json::Value> = serde_json::from_str(PRICES).unwrap();
        let price = |name: &str| prices[name].as_f64().unwrap();
        self.write_units * price("millionWriteUnits")
            + self.read_units * price("millionReadUnits")
            + self.invocations * price("millionInvocations")
            + self.topic_requests * price("millionTopicMessages")
            + self.bus * price("millionBusEvents")
            + self.queue_requests * price("millionQueueRequests")
            + self.api_requests * price("millionApiRequests")
            + self.log_bytes * 1_000_000.0 / 1_073_741_824.0 * price("gigabyteOfLogs")
    }

    /// With these requests and units of DynamoDB.
    pub(super) fn with(self, units: engine::Used) -> Self {
        let engine::Used { requests, read_units, write_units } = units;
        Self { requests, read_units, write_units, ..self }
    }

    /// The share of one of that many orders.
    pub(super) fn of_one(self, orders: usize) -> Self {
        let orders = count(orders);
        Self {
            api_requests: self.api_requests / orders,
            requests: self.requests / orders,
            write_units: self.write_units / orders,
            read_units: self.read_units / orders,
            invocations: self.invocations / orders,
            topic: self.topic / orders,
            topic_requests: self.topic_requests / orders,
            bus: self.bus / orders,
            queues: self.queues / orders,
            queue_requests: self.queue_requests / orders,
            log_bytes: self.log_bytes / orders,
        }
    }
}

pub(super) fn plus(one: engine::Used, other: engine::Used) -> engine::Used {
    engine::Used {
        requests: one.requests + other.requests,
        read_units: one.read_units + other.read_units,
        write_units: one.write_units + other.write_units,
    }
}

pub(super) fn times(one: engine::Used, factor: f64) -> engine::Used {
    engine::Used {
        requests: one.requests * factor,
        read_units: one.read_units * factor,
        write_units: one.write_units * factor,
    }
}

pub(super) fn count(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}
