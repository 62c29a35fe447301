//! What an order costs, alone and with full batches, beside what a user would take instead. The code of all
//! functions runs, and the units are those of DynamoDB's rules, which are compared with an embedded DynamoDB behind the real
//! adapters; the local AWS of `make deploy-local` charges none. `make order-cost` writes the tables of README.md and REFERENCE.md.

mod crud;
mod ours;
mod stores;
mod tables;
mod used;

use crate::log_cost::bytes_before;
use crud::{Indexes, Published};
use ours::{Charging::Rules, Parts, Scale, alone, measure, under_load};
use tables::{Line, compare};
use used::{Used, count, plus};

/// The process of an order, and its view.
const PROCESS: &str = "fulfilment";

const OURS: &str = "ours, with history";
const OUTBOX: &str = "CRUD with an outbox transaction, no history";
const CRUD: &str = "CRUD on the table's stream, no history";
const ADAPTER: &str = "event-store-adapter-rs in place of our store";
const DYNAMO_ES: &str = "dynamo-es in place of our store";

/// Dollars a million orders that ours may cost at each scale: what another harness computed for CRUD on the stream when these
/// budgets were set.
const OURS_MAX: [f64; 2] = [53.4, 32.1];

/// Dollars a million orders that history may cost beside CRUD on the stream with the same views, at each scale. It is not
/// nothing: views read the events that messages claim and which generations are fed, and `pay` and `confirm` read two streams.
const HISTORY_MAX: [f64; 2] = [2.2, 1.4];

/// The same order before metrics, short logs and generations, measured by this test in the code of commit 7e19855.
fn before() -> Used {
    Used {
        api_requests: 4.0,
        requests: 65.0,
        write_units: 31.0,
        read_units: 46.0,
        invocations: 29.0,
        topic: 10.0,
        topic_requests: 10.0,
        bus: 5.0,
        queues: 16.0,
        queue_requests: 48.0,
        log_bytes: count(bytes_before(29)),
    }
}

/// The same system on another event store: only the commands differ.
fn on(store: &str, ours: &Parts) -> Used {
    ours.rest.with(plus(stores::commands(store), plus(ours.events, ours.rows)))
}

/// The same system without events: the commands change a row, and views believe their messages and have no generations,
/// because there is no history to read or to rebuild from.
async fn without_history(system: &Parts, published: Published, indexes: Indexes) -> Used {
    let mut rows = system.rows;
    rows.requests -= system.register.requests;
    rows.read_units -= system.register.read_units;
    system.rest.with(plus(crud::commands(published, indexes, &system.bodies).await, rows))
}

async fn lines(scale: Scale) -> Vec<Line> {
    let five = measure(Rules, scale, &[PROCESS]).await;
    let few = measure(Rules, scale, &[PROCESS, "order-summary"]).await;
    let with_process = measure(Rules, scale, &[]).await;
    let outbox = without_history(&five, Published::FromAnOutbox, Indexes::None).await;
    let stream = without_history(&five, Published::FromTheStream, Indexes::None).await;
    let row = without_history(&few, Published::FromTheStream, Indexes::AsOurView).await;
    [
        (OURS, five.used()),
        (OUTBOX, outbox),
        (CRUD, stream),
        ("the same, and the row is the order's view", row),
        (ADAPTER, on("event-store-adapter-rs", &five)),
        (DYNAMO_ES, on("dynamo-es", &five)),
        ("ours, with the fulfilment process", with_process.used()),
    ]
    .map(|(system, used)| Line { system, scale: scale.name, used })
    .into()
}

/// Checks the budgets of one scale.
fn check(lines: &[Line], (ours_max, history_max): (f64, f64)) {
    let dollars = |system: &str| {
        let line = lines.iter().find(|line| line.system == system).unwrap();
        line.used.dollars_for_a_million()
    };
    let ours = dollars(OURS);
    assert!(ours <= ours_max, "{ours}, at most {ours_max}");
    for other in [OUTBOX, ADAPTER, DYNAMO_ES] {
        assert!(ours < dollars(other), "{ours}, {other}: {}", dollars(other));
    }
    let history = ours - dollars(CRUD);
    assert!(history <= history_max, "{history}, at most {history_max}");
}

#[tokio::test]
async fn the_documents_show_what_an_order_costs() {
    let mut all = Vec::new();
    for (place, scale) in [alone(), under_load()].into_iter().enumerate() {
        let lines = lines(scale).await;
        lines.iter().for_each(|line| println!("{line}"));
        check(&lines, (OURS_MAX[place], HISTORY_MAX[place]));
        all.extend(lines);
    }
    let before = before();
    all.push(Line { system: "ours, with the process, at 7e19855", scale: "alone", used: before });
    compare(&all);
}
