//! What tells of stream records that Lambda gave up on. Only for tests.

use serde_json::json;

/// EventBridge's event about a batch that Lambda kept in a bucket.
pub(crate) fn kept(bucket: &str, key: &str) -> String {
    json!({
        "source": "aws.s3", "detail-type": "Object Created",
        "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": 2048}},
    })
    .to_string()
}

/// Lambda's note about stream records that it gave up on.
pub(crate) fn note() -> String {
    json!({
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "DDBStreamBatchInfo": {"batchSize": 7, "approximateArrivalOfFirstRecord": "2026-11-25T11:00:00Z",
            "approximateArrivalOfLastRecord": "2026-11-25T11:01:00Z"},
    })
    .to_string()
}
