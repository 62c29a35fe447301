//! The results as JSON, and as text.

use serde_json::{Value, json};

use crate::{
    budgets::Budget,
    cases::{MEAN, Row},
    note::{PAYLOAD_BYTES, SNAPSHOT_EVERY},
    readme,
    stores::{OURS, Store},
};

/// The costs of one store, by case.
pub(crate) struct Column {
    pub(crate) store: &'static Store,
    pub(crate) rows: Vec<Row>,
}

pub(crate) fn results(rules: &[&str], columns: &[Column], budgets: &[Budget]) -> Value {
    let stores = columns.iter().map(|Column { store, .. }| {
        json!({ "name": store.name, "version": store.version, "used": store.used })
    });
    let cases = columns.first().map(|first| &first.rows).into_iter().flatten().map(|row| {
        let costs = columns.iter().filter_map(|column| Some((column, cost(column, row.case)?)));
        let costs = costs.map(|(column, Row { cost, note, .. })| {
            json!({
                "store": column.store.name,
                "requests": cost.requests,
                "writeUnits": cost.write_units,
                "readUnits": cost.read_units,
                "note": note,
            })
        });
        json!({ "case": row.case, "costs": costs.collect::<Value>() })
    });
    let budgets = budgets.iter().map(|budget| {
        json!({
            "case": budget.case,
            "what": budget.what,
            "most": budget.most,
            "is": budget.is,
            "holds": budget.holds(),
        })
    });
    json!({
        "engine": "dynoxide-rs 3.2.0 in the bench's process, over HTTP on loopback",
        "payloadBytes": PAYLOAD_BYTES,
        "units": "as the engine reports them, once it has kept these rules of DynamoDB's documentation",
        "rules": rules,
        "stores": stores.collect::<Value>(),
        "cases": cases.collect::<Value>(),
        "snapshots": snapshots(columns),
        "budgets": budgets.collect::<Value>(),
    })
}

fn cost<'a>(column: &'a Column, case: &str) -> Option<&'a Row> {
    column.rows.iter().find(|row| row.case == case)
}

/// The effect of our snapshots on the mean cost.
fn snapshots(columns: &[Column]) -> Value {
    let ours = columns.iter().find(|column| column.store.name == OURS);
    let mean = ours.and_then(|ours| cost(ours, MEAN)).map(|row| row.cost.write_units);
    json!({ "everyCommits": SNAPSHOT_EVERY, "meanWriteUnitsOf1000Commands": mean })
}

pub(crate) fn text(results: &Value) -> String {
    let mut text = String::new();
    let list = |field: &str| results[field].as_array().cloned().unwrap_or_default();
    text += &format!("Engine: {}.\n", readme::text(&results["engine"]));
    text += &format!("Units: {}:\n", readme::text(&results["units"]));
    for rule in list("rules") {
        text += &format!("  {}\n", readme::text(&rule));
    }
    text += &format!("Events have {} bytes of payload. Stores:\n", results["payloadBytes"]);
    for store in list("stores") {
        text += &format!("  {}: {}\n", readme::named(&store), readme::text(&store["used"]));
    }
    text += "\nreq: requests, W: write units, R: read units\n";
    text += &aligned(&readme::rows(results));
    text += &format!(
        "\nEvery {}nd commit of ours carries a snapshot; with those, a command writes {} units in the mean.\n",
        results["snapshots"]["everyCommits"],
        readme::short(&results["snapshots"]["meanWriteUnitsOf1000Commands"]),
    );
    text += "\nBudgets of ours:\n";
    for budget in list("budgets") {
        let verdict = if budget["holds"] == true { "holds " } else { "MISSED" };
        let [case, what] = ["case", "what"].map(|field| readme::text(&budget[field]));
        let [is, most] = ["is", "most"].map(|field| readme::short(&budget[field]));
        text += &format!("  {verdict} {case}: {is} of at most {most} {what}\n");
    }
    text
}

/// Pads each column to its widest cell.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate();
        let cells = cells.map(|(column, cell)| format!("{cell:<width$}", width = width(column)));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
