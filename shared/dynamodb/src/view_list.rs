//! Lists rows by their own keys or by a secondary index. An index holds only keys, so that a change of a row costs no
//! write there: the listed rows are read from the table.

use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{AttributeValue, ReturnConsumedCapacity, Select},
};
use dekigoto::{
    Index, Position, Row, RowKey, RowPage, RowQuery, StoreFailure, ViewError,
    limits::ROWS_PER_CALL_MAX,
};

use crate::{
    Item,
    failure::failure_of,
    view_item::row_of,
    view_read,
    view_table::{ViewTable, key_item},
};

/// The keys that a list is ordered by: those of a secondary index, or the rows' own.
struct ListKeys {
    index: Option<String>,
    partition: String,
    sort: String,
}

impl ListKeys {
    fn of(table: &ViewTable, index: Option<Index>) -> Result<Self, ViewError> {
        let Some(index) = index else {
            return Ok(Self { index: None, partition: "pk".to_owned(), sort: "sk".to_owned() });
        };
        let names = table.names("DynamoDB Query", index)?;
        Ok(Self { index: Some(names.index), partition: names.partition, sort: names.sort })
    }
}

/// Lists one page. It asks for one key more than it returns, so that `next` is set exactly when there are more rows.
pub(crate) async fn list(table: &ViewTable, wanted: &RowQuery) -> Result<RowPage, ViewError> {
    let Some(wanted) = accepted(wanted.clone()) else {
        return Ok(RowPage { rows: Vec::new(), next: None });
    };
    let keys = ListKeys::of(table, wanted.index)?;
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let mut items: Vec<Item> = Vec::new();
    let mut after = wanted.after.as_ref().map(|after| start_key(&keys, &wanted, after));
    loop {
        let missing = limit.saturating_add(1).saturating_sub(items.len());
        let page = query(table, &keys, &wanted, missing).set_exclusive_start_key(after);
        let page = page.send().await;
        let page = page.map_err(|error| failure_of("DynamoDB Query", &error))?;
        items.extend(page.items.unwrap_or_default());
        after = page.last_evaluated_key.filter(|key| !key.is_empty());
        // DynamoDB ends a page at 1 MB, whatever the limit.
        if after.is_none() || items.len() > limit {
            break;
        }
    }
    let has_more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| has_more);
    let next = last.map(|item| position(&keys, item)).transpose()?;
    let rows = match wanted.index {
        None => items.into_iter().map(|item| row_of(table, item)).collect::<Result<_, _>>()?,
        Some(index) => rows_at(table, &wanted, index, &items).await?,
    };
    Ok(RowPage { rows, next })
}

/// The rows that an index names, as they are now. A row that has left the listed partition since is left out.
async fn rows_at(
    table: &ViewTable,
    wanted: &RowQuery,
    index: Index,
    items: &[Item],
) -> Result<Vec<Row>, ViewError> {
    let keys = items.iter().map(row_key).collect::<Result<Vec<RowKey>, _>>()?;
    let mut rows = Vec::with_capacity(keys.len());
    for keys in keys.chunks(ROWS_PER_CALL_MAX) {
        rows.extend(view_read::several(table, keys).await?.into_iter().flatten());
    }
    let is_there = |row: &Row| {
        row.indexes.get(&index).is_some_and(|place| place.partition == wanted.partition)
    };
    rows.retain(is_there);
    Ok(rows)
}

fn query(table: &ViewTable, keys: &ListKeys, wanted: &RowQuery, rows: usize) -> QueryFluentBuilder {
    let text = |text: &String| AttributeValue::S(text.clone());
    let query = table
        .client
        .query()
        .table_name(&table.name)
        .set_index_name(keys.index.clone())
        .expression_attribute_names("#pk", &keys.partition)
        .expression_attribute_values(":pk", text(&wanted.partition))
        .scan_index_forward(!wanted.newest_first)
        // A secondary index has no strongly consistent reads. The table has, at twice the price: a row that is read
        // twice must not go back.
        .consistent_read(wanted.index.is_none())
        .select(match wanted.index {
            None => Select::AllAttributes,
            Some(_) => Select::AllProjectedAttributes,
        })
        .limit(i32::try_from(rows).unwrap_or(i32::MAX))
        .return_consumed_capacity(ReturnConsumedCapacity::None);
    match &wanted.between {
        None => query.key_condition_expression("#pk = :pk"),
        Some((first, last)) => query
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
            .expression_attribute_names("#sk", &keys.sort)
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last)),
    }
}

/// A query that DynamoDB accepts: it refuses a reversed range and a start outside the range. `None` when no row can
/// match.
fn accepted(mut wanted: RowQuery) -> Option<RowQuery> {
    let Some((first, last)) = wanted.between.clone() else {
        return Some(wanted);
    };
    if first > last {
        return None;
    }
    let Some(after) = &wanted.after else {
        return Some(wanted);
    };
    let (is_before, is_after) = (after.sort < first, after.sort > last);
    let (not_there_yet, past_the_end) =
        if wanted.newest_first { (is_after, is_before) } else { (is_before, is_after) };
    if not_there_yet {
        wanted.after = None;
    }
    (!past_the_end).then_some(wanted)
}

fn start_key(keys: &ListKeys, wanted: &RowQuery, after: &Position) -> Item {
    // The partition is the query's own: a position of another list cannot lead out of this one.
    let place = [(&keys.partition, &wanted.partition), (&keys.sort, &after.sort)];
    let place = place.map(|(name, text)| (name.clone(), AttributeValue::S(text.clone())));
    let mut key = match wanted.index {
        None => Item::new(),
        Some(_) => key_item(&after.key),
    };
    key.extend(place);
    key
}

/// The position of a listed item.
fn position(keys: &ListKeys, item: &Item) -> Result<Position, ViewError> {
    Ok(Position { sort: text(item, &keys.sort)?, key: row_key(item)? })
}

fn row_key(item: &Item) -> Result<RowKey, ViewError> {
    Ok(RowKey::new(text(item, "pk")?, text(item, "sk")?))
}

fn text(item: &Item, name: &str) -> Result<String, ViewError> {
    let value = item.get(name).and_then(|value| value.as_s().ok());
    let missing =
        || StoreFailure::broken("DynamoDB Query", format!("a listed item has no text {name:?}"));
    value.cloned().ok_or_else(|| missing().into())
}
