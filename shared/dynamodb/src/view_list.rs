//! Listing rows by their own keys or by a secondary index.

use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{AttributeValue, ReturnConsumedCapacity, Select},
};
use dekigoto::{Index, Position, Row, RowKey, RowPage, RowQuery, ViewError};

use crate::{
    Item,
    failure::Failure,
    view_item::row_of,
    view_table::{ViewTable, key_item},
};

/// What a list is ordered by: a secondary index, or the rows' own keys.
struct Order {
    index: Option<String>,
    partition: String,
    sort: String,
}

impl Order {
    fn of(table: &ViewTable, index: Option<Index>) -> Result<Self, ViewError> {
        let Some(index) = index else {
            return Ok(Self { index: None, partition: "pk".to_owned(), sort: "sk".to_owned() });
        };
        let names = table.names("DynamoDB Query", index)?;
        Ok(Self { index: Some(names.index), partition: names.partition, sort: names.sort })
    }
}

/// One page. It reads one row more than it shows, so that `next` is there exactly when there is more.
pub(crate) async fn list(table: &ViewTable, wanted: &RowQuery) -> Result<RowPage, ViewError> {
    let Some(wanted) = normal(wanted.clone()) else {
        return Ok(RowPage { rows: Vec::new(), next: None });
    };
    let order = Order::of(table, wanted.index)?;
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let mut rows: Vec<Row> = Vec::new();
    let mut after = wanted.after.as_ref().map(|after| start_key(&order, &wanted, after));
    loop {
        let missing = limit.saturating_add(1).saturating_sub(rows.len());
        let page = query(table, &order, &wanted, missing).set_exclusive_start_key(after);
        let page = page.send().await;
        let page = page.map_err(|error| Failure::of("DynamoDB Query", &error))?;
        for item in page.items.unwrap_or_default() {
            rows.push(row_of(table, item)?);
        }
        after = page.last_evaluated_key.filter(|key| !key.is_empty());
        // A page ends at 1 MB, whatever the limit.
        if after.is_none() || rows.len() > limit {
            break;
        }
    }
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more);
    let next = last.and_then(|row| position(&wanted, row));
    Ok(RowPage { rows, next })
}

fn query(table: &ViewTable, order: &Order, wanted: &RowQuery, rows: usize) -> QueryFluentBuilder {
    let text = |text: &String| AttributeValue::S(text.clone());
    let query = table
        .client
        .query()
        .table_name(&table.name)
        .set_index_name(order.index.clone())
        .expression_attribute_names("#pk", &order.partition)
        .expression_attribute_values(":pk", text(&wanted.partition))
        .scan_index_forward(!wanted.newest_first)
        // An index cannot be read strongly. By their own keys rows can, at twice the price: whoever reads a row twice must
        // not see it go back.
        .consistent_read(wanted.index.is_none())
        .select(Select::AllAttributes)
        .limit(i32::try_from(rows).unwrap_or(i32::MAX))
        .return_consumed_capacity(ReturnConsumedCapacity::None);
    match &wanted.between {
        None => query.key_condition_expression("#pk = :pk"),
        Some((first, last)) => query
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
            .expression_attribute_names("#sk", &order.sort)
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last)),
    }
}

/// The query as DynamoDB takes it: it refuses a range that is upside down and a start outside the range, though the
/// answer is plain. None when the answer is that there is nothing.
fn normal(mut wanted: RowQuery) -> Option<RowQuery> {
    let Some((first, last)) = wanted.between.clone() else {
        return Some(wanted);
    };
    if first > last {
        return None;
    }
    let Some(after) = &wanted.after else {
        return Some(wanted);
    };
    let (is_before, is_behind) = (after.sort < first, after.sort > last);
    let (not_there_yet, past_the_end) =
        if wanted.newest_first { (is_behind, is_before) } else { (is_before, is_behind) };
    if not_there_yet {
        wanted.after = None;
    }
    (!past_the_end).then_some(wanted)
}

fn start_key(order: &Order, wanted: &RowQuery, after: &Position) -> Item {
    // The partition is the query's own: a position from another list cannot lead out of this one.
    let place = [(&order.partition, &wanted.partition), (&order.sort, &after.sort)];
    let place = place.map(|(name, text)| (name.clone(), AttributeValue::S(text.clone())));
    let mut key = match wanted.index {
        None => Item::new(),
        Some(_) => key_item(&after.key),
    };
    key.extend(place);
    key
}

fn position(wanted: &RowQuery, row: &Row) -> Option<Position> {
    let place: Option<&RowKey> = match wanted.index {
        None => Some(&row.key),
        Some(index) => row.indexes.get(&index),
    };
    Some(Position { sort: place?.sort.clone(), key: row.key.clone() })
}
