//! Writes rows over their previous revisions: all of them or none.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError},
    types::{
        AttributeValue, CancellationReason, Put, ReturnConsumedCapacity,
        ReturnItemCollectionMetrics, ReturnValue, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem,
    },
};
use dekigoto::{Cause, Row, ViewError};

use crate::{failure::failure_of, view_item::item_of, view_table::ViewTable};

/// One row, by a conditional PutItem: half the price of a transaction.
pub(crate) async fn one(table: &ViewTable, row: &Row) -> Result<(), ViewError> {
    let (condition, value) = condition(row);
    let put = table
        .client
        .put_item()
        .table_name(&table.name)
        .set_item(Some(item_of(table, row)?))
        .condition_expression(condition)
        .expression_attribute_values(VALUE, value)
        // The existing row is not needed: the caller reads again, because it must decide again.
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
        .return_values(ReturnValue::None)
        .return_consumed_capacity(ReturnConsumedCapacity::None)
        .return_item_collection_metrics(ReturnItemCollectionMetrics::None);
    match put.send().await {
        Ok(_) => Ok(()),
        Err(error) => match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => Err(ViewError::Conflict),
            _ => Err(failure_of("DynamoDB PutItem", &error).into()),
        },
    }
}

/// Several rows, by one transaction.
pub(crate) async fn several(table: &ViewTable, rows: &[Row]) -> Result<(), ViewError> {
    let puts: Result<Vec<_>, _> = rows.iter().map(|row| put(table, row)).collect();
    // The SDK sends a random ClientRequestToken and repeats it when it retries, so a transaction whose reply was lost
    // is not carried out twice. A token derived from the rows would be wrong: if a table were emptied and rebuilt
    // within ten minutes, DynamoDB would report success without writing.
    let sent = table
        .client
        .transact_write_items()
        .set_transact_items(Some(puts?))
        .return_consumed_capacity(ReturnConsumedCapacity::None)
        .return_item_collection_metrics(ReturnItemCollectionMetrics::None)
        .send()
        .await;
    match sent {
        Ok(_) => Ok(()),
        Err(error) => Err(cancelled(&error)),
    }
}

fn put(table: &ViewTable, row: &Row) -> Result<TransactWriteItem, ViewError> {
    let (condition, value) = condition(row);
    let put = Put::builder()
        .table_name(&table.name)
        .set_item(Some(item_of(table, row)?))
        .condition_expression(condition)
        .expression_attribute_values(VALUE, value)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
    let put = put.build().map_err(|cause| ViewError::Broken(cause.into()))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// The condition on the existing row, and its [`VALUE`]. The first revision also replaces a row whose own is damaged, or
/// nothing would ever mend that row.
fn condition(row: &Row) -> (&'static str, AttributeValue) {
    let (condition, value) = match row.revision {
        0 | 1 => ("attribute_not_exists(pk) OR NOT rev >= :rev", 1),
        revision => ("rev = :rev", revision - 1),
    };
    (condition, AttributeValue::N(value.to_string()))
}

/// The name of a condition's value.
const VALUE: &str = ":rev";

/// Sorts the reasons of a cancelled transaction. The most serious one counts: a row that can never be written must not
/// look like a conflict.
fn cancelled(error: &SdkError<TransactWriteItemsError>) -> ViewError {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return failure_of("DynamoDB TransactWriteItems", error).into();
    };
    let reasons = cancelled.cancellation_reasons();
    let codes: Vec<&str> = reasons.iter().filter_map(CancellationReason::code).collect();
    let cause =
        Cause { operation: "DynamoDB TransactWriteItems", reason: format!("cancelled: {codes:?}") };
    let is = |wanted: &[&str]| codes.iter().any(|code| wanted.contains(code));
    let known = [CONFLICTS, BUSY, &["None"]].concat();
    if codes.is_empty() || codes.iter().any(|code| !known.contains(code)) {
        ViewError::Broken(cause.into())
    } else if is(CONFLICTS) {
        ViewError::Conflict
    } else {
        ViewError::Unavailable(cause.into())
    }
}

/// Another writer has changed the row, or is changing it.
const CONFLICTS: &[&str] = &["ConditionalCheckFailed", "TransactionConflict"];

/// Too much load.
const BUSY: &[&str] = &["ProvisionedThroughputExceeded", "ThrottlingError"];
