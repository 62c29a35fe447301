//! What an order costs in logs and metrics: place, pay, ship and deliver, and all that follows, with one record a batch.

use crate::{journey::Journey, log::Log};

/// Bytes that the same order logged before the metrics, measured by this journey at commit 7e19855: 38 lines.
const APPLICATION_BYTES_BEFORE: usize = 9_260;

/// What Lambda itself logged then for each invocation, as AWS documents the lines of the text format. The JSON format,
/// which was in use, is longer. The template says `SystemLogLevel: WARN` now, so Lambda logs none of them.
const LAMBDA_BEFORE: [&str; 3] = [
    "START RequestId: d5d410e5-7406-5a1b-888e-4aa7492a313d Version: $LATEST",
    "END RequestId: d5d410e5-7406-5a1b-888e-4aa7492a313d",
    "REPORT RequestId: 8fc6f963-411b-58b5-8483-a32130c0f45d Duration: 6.67 ms Billed Duration: 7 ms Memory Size: 256 MB \
     Max Memory Used: 31 MB",
];

/// What that many invocations of the order logged then.
pub(crate) fn bytes_before(invocations: usize) -> usize {
    let by_lambda: usize = LAMBDA_BEFORE.iter().map(|line| line.len() + 1).sum();
    APPLICATION_BYTES_BEFORE + invocations * by_lambda
}

#[tokio::test]
async fn an_order_logs_at_most_half_of_what_it_did() {
    let log = Log::start();
    let journey = Journey::of_one_order().await;
    let (text, invocations) = (log.text(), journey.invocations.len());
    assert_eq!(invocations, 29, "the journey is the one that was measured");
    let before = bytes_before(invocations);
    println!("{} bytes in {} lines; before: {before}", text.len(), text.lines().count());
    assert!(2 * text.len() <= before, "{} bytes, before: {before}\n{text}", text.len());
}
