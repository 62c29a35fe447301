//! The budgets of design section 11 that views and relay move, before and after, in one run. The table is in the README of
//! this package; `WRITE_BUDGETS=1 cargo test -p view-costs` writes it.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_sdk_dynamodb::types::ProjectionType;
use dekigoto::views::{AnyView, Single};
use order_service::service;

use crate::{
    before::Before,
    deadlines,
    drain::{self, COMMITS},
    engine, time,
    time::{Measured, POINTERS},
    units::{Heard, measure},
};

const BEGIN: &str = "<!-- budgets:begin -->\n";
const END: &str = "<!-- budgets:end -->";

const DRAIN_BEGIN: &str = "<!-- drain:begin -->\n";
const DRAIN_END: &str = "<!-- drain:end -->";

/// What is measured, the unit, before and now, and the budget.
struct Budget {
    what: &'static str,
    measured: Measured,
    budget: Limit,
}

enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Budget {
    fn holds(&self) -> bool {
        match self.budget {
            Limit::AtMost(most) => self.measured.now <= most,
            Limit::AtLeast(least) => self.measured.now >= least,
        }
    }

    fn line(&self) -> String {
        let Measured { before, now } = self.measured;
        let budget = match self.budget {
            Limit::AtMost(most) => format!("at most {}", short(most)),
            Limit::AtLeast(least) => format!("at least {}", short(least)),
        };
        format!("| {} | {} | {} | {budget} |\n", self.what, short(before), short(now))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_budgets_hold_and_their_table_is_what_this_run_measures() {
    let (client, meter) = engine::start().await;
    engine::view_table(&client, "before", &ProjectionType::All).await;
    engine::view_table(&client, "now", &ProjectionType::KeysOnly).await;
    let views = service().views().to_vec();
    let old: Arc<dyn AnyView> = Arc::new(Single::<Before>::default());
    let is_old = |view: &Arc<dyn AnyView>| view.name() == old.name();
    let before: Vec<_> =
        views.iter().map(|view| if is_old(view) { old.clone() } else { view.clone() }).collect();
    let before = measure(&client, &meter, "before", &before, Heard::Everything).await;
    let now = measure(&client, &meter, "now", &views, Heard::Needed).await;
    let count = |messages: usize| f64::from(u32::try_from(messages).unwrap());
    let budgets = [
        Budget {
            what: "write units of an order with five commands, all its views and indexes",
            measured: Measured { before: before.units, now: now.units },
            budget: Limit::AtMost(16.0),
        },
        Budget {
            what: "messages of that order to the views",
            measured: Measured { before: count(before.messages), now: count(now.messages) },
            budget: Limit::AtMost(7.0),
        },
        Budget {
            what: "seconds for 100 messages of 100 orders, 10 ms a call",
            measured: time::hundred_messages().await,
            budget: Limit::AtMost(0.2),
        },
        Budget {
            what: "commits a second from the retry queue after an outage, 10 ms a call",
            measured: time::retry_drain().await,
            budget: Limit::AtLeast(1_000.0),
        },
        Budget {
            what: "seconds until 10,000 orders that were due in one minute are cancelled, 10 ms a call",
            measured: deadlines::lateness().await,
            budget: Limit::AtMost(120.0),
        },
    ];
    for budget in &budgets {
        assert!(budget.holds(), "{}", budget.line());
    }
    // No message is believed without a look into the store (infra/adr/0007): one read for each.
    assert_eq!(now.reads, now.messages);
    compare(&table(&budgets));
    let (before, now) = drain::on_the_engine(&client).await;
    let drained = format!(
        "{COMMITS} commits: {} calls to topic and bus before, {} now; {:.0} commits a second before, {:.0} now.\n",
        before.calls, now.calls, before.speed, now.speed
    );
    print!("{drained}");
    // Two targets, and ten commits in a call. The speed is that of the machine.
    assert_eq!((before.calls, now.calls), (2 * COMMITS, 2 * COMMITS / POINTERS), "{drained}");
    if writes() {
        write((DRAIN_BEGIN, DRAIN_END), &drained);
    }
}

fn table(budgets: &[Budget]) -> String {
    let mut table = "| what | before | now | budget |\n|---|---|---|---|\n".to_owned();
    for budget in budgets {
        let _ = write!(table, "{}", budget.line());
    }
    table
}

/// Compares the table with that of the README, or writes it.
fn compare(table: &str) {
    if writes() {
        return write((BEGIN, END), table);
    }
    let (_, found, _) = parts((BEGIN, END));
    assert_eq!(found, table, "WRITE_BUDGETS=1 cargo test -p view-costs writes the table");
}

fn writes() -> bool {
    std::env::var_os("WRITE_BUDGETS").is_some()
}

fn write(markers: (&str, &str), text: &str) {
    let (before, _, after) = parts(markers);
    let (begin, end) = markers;
    fs::write(readme(), format!("{before}{begin}{text}{end}{after}")).unwrap();
}

/// The README before, between and after the markers.
fn parts((begin, end): (&str, &str)) -> (String, String, String) {
    let readme = fs::read_to_string(readme()).unwrap();
    let (before, rest) = readme.split_once(begin).unwrap();
    let (between, after) = rest.split_once(end).unwrap();
    (before.to_owned(), between.to_owned(), after.to_owned())
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// With at most two decimals.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
