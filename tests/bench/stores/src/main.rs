//! `make bench`: measures the requests and units of commands and loads, in this store and in others.
//!
//! All stores run on one embedded DynamoDB in this process, one after the other, through one meter that reads the
//! charged units from the engine; no store has to cooperate. Compare ratios within one run; they are not an AWS bill.

mod budgets;
mod cases;
mod engine;
mod meter;
mod note;
mod readme;
#[expect(clippy::indexing_slicing, reason = "indexing a JSON value by a missing name gives null")]
mod report;
mod rules;
mod stores;

use std::{path::Path, process::ExitCode};

use serde_json::Value;

/// Why a measurement failed.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("a budget is exceeded");
            ExitCode::FAILURE
        }
        Err(cause) => {
            eprintln!("the measurement failed: {cause}");
            ExitCode::FAILURE
        }
    }
}

/// Measures, prints and writes the results. Returns whether all budgets hold.
async fn run() -> Result<bool, Failure> {
    let engine = engine::start().await?;
    let rules = rules::check(&engine).await?;
    let mut columns = Vec::new();
    for store in stores::ALL {
        eprintln!("{} …", store.name);
        let rows = stores::measure(store.name, &engine).await?;
        columns.push(report::Column { store, rows });
    }
    let budgets = budgets::check(&columns)?;
    let results = report::results(&rules, &columns, &budgets);
    print!("{}", report::text(&results));
    write(&results)?;
    Ok(budgets.iter().all(budgets::Budget::holds))
}

fn write(results: &Value) -> Result<(), Failure> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let json = serde_json::to_string_pretty(results)? + "\n";
    std::fs::write(package.join("results.json"), json)?;
    let path = package.join("../../../REFERENCE.md");
    let text = std::fs::read_to_string(&path)?;
    let marked = readme::with_table(&text, results).ok_or("REFERENCE.md has lost its markers")?;
    std::fs::write(path, marked)?;
    Ok(())
}
