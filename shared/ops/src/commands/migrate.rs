//! `dekigoto migrate`: brings the tables of a PostgreSQL database up to date.

use std::path::Path;

use dekigoto_postgres::{Postgres, SCHEMA_VERSION, tls_trusting};
use serde_json::json;

use crate::{
    desk::Consent,
    failure::{Failure, Kind},
    out::{Report, Tone},
};

/// The table of versions in the database is its journal.
pub(crate) async fn migrate(
    url: &str,
    certificates: Option<&Path>,
    consent: &Consent,
) -> Result<Report, Failure> {
    let database = open(url, certificates)?;
    let found = database.version().await.map_err(|failure| failed(&failure.cause))?;
    let mut report = Report::default();
    report.field("found", json!(found));
    report.field("wanted", json!(SCHEMA_VERSION));
    if found == SCHEMA_VERSION {
        report.line(Tone::Good, format!("the tables are up to date: version {found}"));
        return Ok(report);
    }
    match consent {
        // A newer version is refused here too.
        Consent::Dry if found < SCHEMA_VERSION => {
            let text = format!(
                "would bring the tables from version {found} to {SCHEMA_VERSION}; add --yes --why \"…\""
            );
            report.line(Tone::Plain, text);
        }
        Consent::Dry | Consent::Given { .. } => {
            let before = database.migrate().await.map_err(|error| failed(&error))?;
            let text = format!("brought the tables from version {before} to {SCHEMA_VERSION}");
            report.line(Tone::Good, text);
        }
    }
    Ok(report)
}

fn open(url: &str, certificates: Option<&Path>) -> Result<Postgres, Failure> {
    let tls = match certificates {
        Some(path) => {
            let unreadable = |cause: &dyn std::fmt::Display| {
                Failure::argument(format!("{}: {cause}", path.display()), "name a PEM file")
            };
            let pem = std::fs::read(path).map_err(|cause| unreadable(&cause))?;
            Some(tls_trusting(&pem).map_err(|failure| unreadable(&failure.cause))?)
        }
        None => None,
    };
    let not_a_url = |failure: dekigoto::StoreFailure| {
        Failure::argument(failure.cause.to_string(), "write postgres://user@host/database")
    };
    Postgres::new(url, tls).map_err(not_a_url)
}

fn failed(cause: &dyn std::fmt::Display) -> Failure {
    Failure::new(Kind::Refused, cause.to_string(), "mend it, and run the command again")
}
