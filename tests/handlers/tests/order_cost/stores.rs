//! The five commands of an order on other event stores, from what `make bench` measured on them with events of 300 bytes.

use serde_json::Value;

use super::used::{plus, times};
use crate::engine;

const RESULTS: &str = include_str!("../../../bench/stores/results.json");

/// Streams that the five commands create: that of the order, by `place`, and that of its payments, by `pay`.
const CREATED: f64 = 2.0;

/// `confirm`, `ship` and `deliver` append to the order.
const APPENDED: f64 = 3.0;

/// `pay`, `ship` and `deliver` load the order, and `confirm` the order and its payments.
const LOADED: f64 = 5.0;

/// No stream has more than three events, which are less than 4 KB, so each request of a load reads one unit. The measured
/// load, of ten events, reads more.
const UNITS_OF_A_SHORT_READ: f64 = 1.0;

/// What the five commands are charged on that store.
pub(super) fn commands(store: &str) -> engine::Used {
    let results: Value = serde_json::from_str(RESULTS).unwrap();
    let create = cost(&results, "create a stream with 1 event", store);
    let append = cost(&results, "append alone: 1 event, at 10", store);
    let load = cost(&results, "load at 10 events", store);
    let load = engine::Used { read_units: load.requests * UNITS_OF_A_SHORT_READ, ..load };
    plus(times(create, CREATED), plus(times(append, APPENDED), times(load, LOADED)))
}

fn cost(results: &Value, case: &str, store: &str) -> engine::Used {
    let find = |list: &Value, name: &str, value: &str| {
        let mut entries = list.as_array().unwrap().iter();
        entries.find(|it| it[name] == value).unwrap_or_else(|| panic!("no {value}")).clone()
    };
    let costs = &find(&results["cases"], "case", case)["costs"];
    let cost = find(costs, "store", store);
    let number = |name: &str| cost[name].as_f64().unwrap();
    engine::Used {
        requests: number("requests"),
        read_units: number("readUnits"),
        write_units: number("writeUnits"),
    }
}
