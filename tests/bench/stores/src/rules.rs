//! Checks that the engine charges what DynamoDB documents, with items of known sizes, one rule each.
//!
//! The rules: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>. If one
//! of them is broken, no number of the run can be trusted, so the run stops.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ProjectionType, Put, ScalarAttributeType, TransactWriteItem,
};

use crate::{Failure, engine::Engine, meter::Cost};

const TABLE: &str = "rules";
const INDEXED: &str = "rules-indexed";

type Item = HashMap<String, AttributeValue>;

/// The rules that the engine keeps, in the order of the checks.
pub(crate) async fn check(engine: &Engine) -> Result<Vec<&'static str>, Failure> {
    let keys = [("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::S)];
    engine.table(TABLE, &keys).await?;
    let index_keys = [("x", ScalarAttributeType::S)];
    let index = ("index", index_keys.as_slice(), ProjectionType::All);
    engine.table_with_index(INDEXED, &keys, Some(index)).await?;
    let mut held = Vec::new();
    held.extend(writes(engine).await?);
    held.extend(reads(engine).await?);
    Ok(held)
}

async fn writes(engine: &Engine) -> Result<Vec<&'static str>, Failure> {
    let mut held = Vec::new();
    for (rule, table, bytes, expected) in [
        ("PutItem, 1,024 bytes: 1 write unit", TABLE, 1024, 1.0),
        ("PutItem, 1,025 bytes: 2 write units", TABLE, 1025, 2.0),
        ("PutItem, 900 bytes, all of them in an index too: 2 write units", INDEXED, 900, 2.0),
    ] {
        let put = engine.client.put_item().table_name(table);
        let put = put.set_item(Some(item("w", &bytes.to_string(), bytes)));
        let (cost, answer) = engine.meter.measure(put.send()).await;
        answer?;
        held.push(expect(rule, cost, write(expected))?);
    }
    let puts = [("1", 1024), ("2", 1025)].map(|(sort, bytes)| {
        let put = Put::builder().table_name(TABLE).set_item(Some(item("t", sort, bytes))).build();
        put.map(|put| TransactWriteItem::builder().put(put).build())
    });
    let puts = puts.into_iter().collect::<Result<_, _>>()?;
    let transaction = engine.client.transact_write_items().set_transact_items(Some(puts));
    let (cost, answer) = engine.meter.measure(transaction.send()).await;
    answer?;
    let rule = "TransactWriteItems, 1,024 and 1,025 bytes: twice 1 and twice 2 write units";
    held.push(expect(rule, cost, write(6.0))?);
    Ok(held)
}

async fn reads(engine: &Engine) -> Result<Vec<&'static str>, Failure> {
    for (sort, bytes) in [("1", 3000), ("2", 3000), ("3", 2193)] {
        let put = engine.client.put_item().table_name(TABLE);
        put.set_item(Some(item("r", sort, bytes))).send().await?;
    }
    let mut held = Vec::new();
    for (rule, partition, is_strong, limit, expected) in [
        ("Query, strong, 8,193 bytes together: 3 read units", "r", true, 9, 3.0),
        ("Query, strong, 6,000 bytes together: 2 read units", "r", true, 2, 2.0),
        ("Query, eventual, 8,193 bytes together: 1.5 read units", "r", false, 9, 1.5),
        ("Query, strong, nothing found: 1 read unit", "none", true, 9, 1.0),
    ] {
        let query = engine.client.query().table_name(TABLE).key_condition_expression("pk = :pk");
        let query = query
            .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()))
            .consistent_read(is_strong)
            .limit(limit);
        let (cost, answer) = engine.meter.measure(query.send()).await;
        answer?;
        held.push(expect(rule, cost, read(expected))?);
    }
    let keys = ["1", "2"].map(|sort| key("r", sort)).to_vec();
    let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build()?;
    let batch = engine.client.batch_get_item().request_items(TABLE, keys);
    let (cost, answer) = engine.meter.measure(batch.send()).await;
    answer?;
    let rule = "BatchGetItem, strong, 3,000 bytes twice: 2 read units";
    held.push(expect(rule, cost, read(2.0))?);
    Ok(held)
}

fn write(write_units: f64) -> Cost {
    Cost { requests: 1.0, write_units, read_units: 0.0 }
}

fn read(read_units: f64) -> Cost {
    Cost { requests: 1.0, write_units: 0.0, read_units }
}

fn expect(rule: &'static str, cost: Cost, expected: Cost) -> Result<&'static str, Failure> {
    if cost == expected {
        return Ok(rule);
    }
    Err(format!("the engine does not charge as documented: {rule}; it charged {cost:?}").into())
}

fn key(partition: &str, sort: &str) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    Item::from([("pk".to_owned(), text(partition)), ("sk".to_owned(), text(sort))])
}

/// An item of that many bytes: names and values.
fn item(partition: &str, sort: &str, bytes: usize) -> Item {
    let padding = bytes - "pk".len() - partition.len() - "sk".len() - sort.len() - "x".len();
    let mut item = key(partition, sort);
    item.insert("x".to_owned(), AttributeValue::S("x".repeat(padding)));
    item
}
