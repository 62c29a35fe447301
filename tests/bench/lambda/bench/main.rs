//! `make bench-lambda`: measures the release binaries of the functions beside bare Lambdas, in one run.
//!
//! A Runtime API on loopback stands in for Lambda, and an embedded DynamoDB for AWS. A function is invoked with real events;
//! the CPU time is that of its process. While it is measured, writes are acknowledged and not done, so that the same event can
//! be sent again and again. Units and round trips are counted in one more invocation, in which writes are done.
//!
//! Arguments: the folder of the binaries, the file for the results, the page with the tables. With the folder alone, only the
//! starts are measured.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::indexing_slicing, reason = "what a JSON value lacks is null")]

mod aws;
mod cases;
mod contention;
mod events;
mod function;
mod history;
mod measure;
mod report;
mod starts;
mod tls;

use std::{path::PathBuf, process::ExitCode};

/// Any failure ends the bench.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(cause) => {
            eprintln!("\nthe functions cannot be measured: {cause}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool, Failure> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let aws = aws::Aws::start().await?;
    let (folder, json, page) = match &arguments[..] {
        [folder] => return report::starts(&starts::measure(&aws, folder).await?),
        [folder, json, page] => (folder, json, page),
        _ => {
            return Err("usage: lambda-bench FOLDER [RESULTS PAGE]; run `make bench-lambda`".into());
        }
    };
    let starts = starts::measure(&aws, folder).await?;
    let cases = cases::all(&aws, folder).await?;
    let measured = measure::measure(&aws, folder, &cases).await?;
    let contention = contention::measure(&aws, folder).await?;
    report::report(&report::Row::all(&cases, &measured), contention, &starts, json, page)
}
