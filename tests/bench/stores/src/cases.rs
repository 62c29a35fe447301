//! The cases that every store runs, in this order, and their costs.

use std::fmt::Display;

use crate::{
    Failure,
    meter::{Cost, Meter},
    note::stream,
};

pub(crate) const CREATE: &str = "create a stream with 1 event";
pub(crate) const APPEND_1: &str = "append alone: 1 event, at 10";
pub(crate) const APPEND_3: &str = "append alone: 3 events, at 10";
pub(crate) const APPEND_LATE: &str = "append alone: 1 event, at 1,000";
pub(crate) const COMMAND_LATE: &str = "command (load and append): 1 event, at 1,000";
pub(crate) const COMMAND_LAST: &str = "command (load and append): 1 event, at 10,000";
pub(crate) const MEAN: &str = "command (load and append): mean of the first 1,000";
pub(crate) const LOAD_10: &str = "load at 10 events";
pub(crate) const LOAD_1_000: &str = "load at 1,000 events";
pub(crate) const LOAD_10_000: &str = "load at 10,000 events";

/// A store under test, used as its documentation says.
pub(crate) trait Subject {
    /// The position of the next append. It comes from a load, as in every command.
    type Place;

    /// Fills a new stream with that many events. The result is the same as after one command for each event, but faster.
    async fn fill(&self, stream: &str, events: u64) -> Result<(), Failure>;

    /// Runs a command that creates a stream with one event.
    async fn create(&self, stream: &str) -> Result<(), Failure>;

    /// Runs a command that makes one event: load, decide, append.
    async fn command(&self, stream: &str) -> Result<(), Failure>;

    async fn place(&self, stream: &str) -> Result<Self::Place, Failure>;

    /// Appends that many events and nothing else.
    async fn append(&self, place: Self::Place, events: u64) -> Result<(), Failure>;

    /// Loads the state and returns its number of events.
    async fn load(&self, stream: &str) -> Result<u64, Failure>;
}

/// The cost of one case.
pub(crate) struct Row {
    pub(crate) case: &'static str,
    pub(crate) cost: Cost,
    /// What did not go as asked.
    pub(crate) note: Option<String>,
}

impl Row {
    fn of<E: Display>(case: &'static str, (cost, done): (Cost, Result<(), E>)) -> Self {
        Self { case, cost, note: done.err().map(|cause| format!("fails: {cause}")) }
    }
}

/// Runs all cases on a store.
pub(crate) async fn measure<S: Subject>(store: &S, meter: &Meter) -> Result<Vec<Row>, Failure> {
    let [new, ten, another_ten, thousand, ten_thousand] = [1, 2, 3, 4, 5].map(stream);
    store.fill(&ten, 10).await?;
    store.fill(&another_ten, 10).await?;
    store.fill(&ten_thousand, 10_000).await?;
    let create = Row::of(CREATE, meter.measure(store.create(&new)).await);
    // Each stream is loaded before it grows.
    let load_10 = load(store, meter, LOAD_10, &ten, 10).await;
    let append_1 = append(store, meter, APPEND_1, &ten, 1).await?;
    let append_3 = append(store, meter, APPEND_3, &another_ten, 3).await?;
    let mean = mean(store, meter, &thousand, 1000).await;
    let load_1_000 = load(store, meter, LOAD_1_000, &thousand, 1000).await;
    let append_late = append(store, meter, APPEND_LATE, &thousand, 1).await?;
    let late = Row::of(COMMAND_LATE, meter.measure(store.command(&thousand)).await);
    let load_10_000 = load(store, meter, LOAD_10_000, &ten_thousand, 10_000).await;
    let last = Row::of(COMMAND_LAST, meter.measure(store.command(&ten_thousand)).await);
    Ok(vec![
        create,
        append_1,
        append_3,
        append_late,
        load_10,
        load_1_000,
        load_10_000,
        late,
        last,
        mean,
    ])
}

async fn append<S: Subject>(
    store: &S,
    meter: &Meter,
    case: &'static str,
    stream: &str,
    events: u64,
) -> Result<Row, Failure> {
    let place = store.place(stream).await?;
    Ok(Row::of(case, meter.measure(store.append(place, events)).await))
}

async fn load<S: Subject>(
    store: &S,
    meter: &Meter,
    case: &'static str,
    stream: &str,
    events: u64,
) -> Row {
    let (cost, loaded) = meter.measure(store.load(stream)).await;
    let note = match loaded {
        Ok(loaded) if loaded == events => None,
        Ok(loaded) if loaded < events => {
            Some(format!("stops at {} of {} events", thousands(loaded), thousands(events)))
        }
        Ok(loaded) => {
            Some(format!("wrong: {} events where {} are", thousands(loaded), thousands(events)))
        }
        Err(cause) => Some(format!("fails: {cause}")),
    };
    Row { case, cost, note }
}

/// The mean cost of commands that start from an empty stream, including the snapshots that they take.
async fn mean<S: Subject>(store: &S, meter: &Meter, stream: &str, commands: u32) -> Row {
    let all = async {
        for _ in 0..commands {
            store.command(stream).await?;
        }
        Ok::<(), Failure>(())
    };
    let (cost, done) = meter.measure(all).await;
    let mean = |sum: f64| sum / f64::from(commands);
    let cost = Cost {
        requests: mean(cost.requests),
        write_units: mean(cost.write_units),
        read_units: mean(cost.read_units),
    };
    Row::of(MEAN, (cost, done))
}

/// A number with thousands separators: 10,000.
fn thousands(number: u64) -> String {
    match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    }
}
