//! Delivery: queues, dead-letter queues, event source mappings, subscriptions and rule targets.

use serde_json::{Value, json};

use super::model::{Resource, Template, each};

/// The longest retention of SQS.
const FOURTEEN_DAYS_SECONDS: i64 = 1_209_600;
/// The retention of the stream. An older record cannot be retried.
const STREAM_RETENTION_SECONDS: i64 = 86_400;
/// The longest outage or deployment after which no valid message may be dead-lettered.
const OUTAGE_SECONDS: i64 = 4 * 3600;

/// The most retries of a stream record. After them, Lambda discards it and continues with the shard.
const STREAM_RETRIES_MAX: i64 = 100;

fn is_queue(template: &Template, expression: &Value) -> bool {
    template.target(expression).is_some_and(|target| target.kind() == "AWS::SQS::Queue")
}

fn names<'a>(resources: impl Iterator<Item = Resource<'a>>, what: &str) -> Vec<String> {
    resources.map(|resource| format!("{}: {what}", resource.name)).collect()
}

pub(super) fn queues_have_a_redrive_policy(template: &Template) -> Vec<String> {
    let last: Vec<_> = template.dead_letter_queues().iter().map(|queue| queue.name).collect();
    let bad = template.queues().filter(|queue| !last.contains(&queue.name)).filter(|queue| {
        let receives = queue.get("/RedrivePolicy/maxReceiveCount").as_i64();
        // Throttled polls count as receives, so with fewer than five a message could be dead-lettered unread.
        !is_queue(template, queue.get("/RedrivePolicy/deadLetterTargetArn"))
            || receives.is_none_or(|n| n < 5)
    });
    names(bad, "has no redrive policy, or one with fewer than five receives")
}

/// A message that can be handled later is retried for hours before it is dead-lettered.
pub(super) fn queues_outlast_an_outage(template: &Template) -> Vec<String> {
    let mappings = template.mappings().filter(|mapping| !is_stream(*mapping));
    let queues = mappings.flat_map(|mapping| each(mapping.get("/EventSourceArn")));
    let queues = queues.into_iter().filter_map(|arn| template.target(arn));
    let seconds = |queue: &Resource<'_>, place: &str| queue.get(place).as_i64().unwrap_or(0);
    let bad = queues.filter(|queue| {
        let tries = seconds(queue, "/RedrivePolicy/maxReceiveCount");
        let tried = tries * seconds(queue, "/VisibilityTimeout");
        tried < OUTAGE_SECONDS || seconds(queue, "/MessageRetentionPeriod") < tried
    });
    names(
        bad,
        "retries for less than four hours, or retains messages for less time than it retries",
    )
}

/// The function parks a message at its last delivery, with the reason, so it must know which one is the last.
pub(super) fn queues_deliver_as_often_as_the_code_knows(template: &Template) -> Vec<String> {
    let mappings = template.mappings().filter(|mapping| !is_stream(*mapping));
    let queues = mappings.flat_map(|mapping| each(mapping.get("/EventSourceArn")));
    let queues = queues.into_iter().filter_map(|arn| template.target(arn));
    let other = queues.filter(|queue| {
        queue.get("/RedrivePolicy/maxReceiveCount") != &json!(dekigoto::DELIVERIES_MAX)
    });
    names(other, "delivers a message more or less often than DELIVERIES_MAX")
}

#[test]
fn a_new_service_delivers_as_often_as_the_code_knows() {
    let scaffold = include_str!("../../../../infra/scaffold/templates/service/template.yaml");
    let ours = format!("maxReceiveCount: {}", dekigoto::DELIVERIES_MAX);
    assert_eq!(scaffold.matches(&ours).count(), scaffold.matches("maxReceiveCount").count());
}

pub(super) fn dead_letter_queues_keep_14_days(template: &Template) -> Vec<String> {
    let bad = template.dead_letter_queues().into_iter();
    names(
        bad.filter(|queue| {
            queue.get("/MessageRetentionPeriod").as_i64() != Some(FOURTEEN_DAYS_SECONDS)
        }),
        "keeps dead letters for less than 14 days",
    )
}

pub(super) fn subscriptions_and_targets_have_a_dlq(template: &Template) -> Vec<String> {
    let subscriptions = template.of_type("AWS::SNS::Subscription").filter(|subscription| {
        !is_queue(template, subscription.get("/RedrivePolicy/deadLetterTargetArn"))
            || subscription.get("/RawMessageDelivery") != &json!(true)
    });
    let mut wrong = names(subscriptions, "no dead-letter queue, or no raw delivery");
    for target in template.rule_targets() {
        if !is_queue(template, &target["DeadLetterConfig"]["Arn"]) {
            wrong.push(format!("rule target {} has no dead-letter queue", target["Id"]));
        }
    }
    wrong
}

pub(super) fn mappings_report_each_item(template: &Template) -> Vec<String> {
    let wanted = json!(["ReportBatchItemFailures"]);
    let bad =
        template.mappings().filter(|mapping| mapping.get("/FunctionResponseTypes") != &wanted);
    names(bad, "one failed item fails its whole batch")
}

fn is_stream(mapping: Resource<'_>) -> bool {
    mapping
        .get("/EventSourceArn/Fn::GetAtt")
        .as_str()
        .is_some_and(|source| source.ends_with(".StreamArn"))
}

pub(super) fn the_stream_mapping_is_bounded(template: &Template) -> Vec<String> {
    let mut streams = 0;
    let mut wrong = Vec::new();
    for mapping in template.mappings().filter(|mapping| is_stream(*mapping)) {
        streams += 1;
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{}: {what}", mapping.name));
            }
        };
        let attempts = mapping.get("/MaximumRetryAttempts").as_i64();
        let age = mapping.get("/MaximumRecordAgeInSeconds").as_i64();
        must(
            attempts.is_some_and(|n| (1..=STREAM_RETRIES_MAX).contains(&n)),
            "blocks its shard for hours if a record crashes the function",
        );
        must(
            age.is_some_and(|n| (60..STREAM_RETENTION_SECONDS).contains(&n)),
            "does not limit the age of records",
        );
        must(mapping.get("/BisectBatchOnFunctionError") == &json!(true), "does not bisect");
        must(
            mapping.get("/StartingPosition") == &json!("TRIM_HORIZON"),
            "may miss the first commits",
        );
        must(
            keeps_failed_batches(
                template,
                mapping.get("/DestinationConfig/OnFailure/Destination/Fn::If"),
            ),
            "keeps no failed batch, or tells nobody of it",
        );
    }
    if streams != 1 {
        wrong.push(format!("{streams} mappings read the event table's stream"));
    }
    wrong
}

/// On AWS a bucket keeps the whole batch, and its events are dead letters of the queue that an emulator uses.
fn keeps_failed_batches(template: &Template, destination: &Value) -> bool {
    let bucket = template.target(&destination[1]);
    let told = template.of_type("AWS::Events::Rule").any(|rule| {
        let named = rule.get("/EventPattern/detail/bucket/name/0");
        rule.get("/EventPattern/source/0") == "aws.s3"
            && template.target(named).map(|it| it.name) == bucket.map(|it| it.name)
            && rule.get("/Targets/0/Arn") == &destination[2]
    });
    let is_kept = bucket.is_some_and(|bucket| {
        let block = |name: &str| {
            bucket.get(&format!("/PublicAccessBlockConfiguration/{name}")) == &json!(true)
        };
        bucket.kind() == "AWS::S3::Bucket"
            && bucket.block["DeletionPolicy"] == "RetainExceptOnCreate"
            && bucket.block["UpdateReplacePolicy"] == "Retain"
            && bucket.get("/NotificationConfiguration/EventBridgeConfiguration/EventBridgeEnabled")
                == &json!(true)
            && ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
                .iter()
                .all(|name| block(name))
            && !bucket.get("/BucketEncryption").is_null()
    });
    destination[0] == "OnAws" && is_kept && told && is_queue(template, &destination[2])
}

/// A filter on a queue deletes the other messages; a filter on the stream would hide changes of history.
pub(super) fn mappings_have_no_filter(template: &Template) -> Vec<String> {
    names(
        template.mappings().filter(|mapping| !mapping.get("/FilterCriteria").is_null()),
        "has a filter",
    )
}

pub(super) fn queue_mappings_limit_concurrency(template: &Template) -> Vec<String> {
    let bad = template.mappings().filter(|mapping| {
        !is_stream(*mapping)
            && mapping.get("/ScalingConfig/MaximumConcurrency").as_i64().is_none_or(|n| n < 2)
    });
    let mut wrong = names(bad, "may take all the account's concurrency");
    // Callers of the API retry. Messages of a queue would be dead-lettered unread.
    let reserved = template.functions().filter(|function| {
        let reserves = !function.get("/ReservedConcurrentExecutions").is_null();
        reserves && function.name != "ApiFunction"
    });
    wrong.extend(names(reserved, "reserved concurrency sends messages to the DLQ unread"));
    wrong
}

/// If the stores are slow, requests accumulate. Without a limit they take the concurrency that consumers need.
pub(super) fn the_api_cannot_starve_the_consumers(template: &Template) -> Vec<String> {
    let wanted = json!({"Fn::If": [
        "ReservesApiConcurrency", {"Ref": "ApiReservedConcurrency"}, {"Ref": "AWS::NoValue"}
    ]});
    let default = &template.document["Parameters"]["ApiReservedConcurrency"]["Default"];
    let mut wrong = Vec::new();
    for api in template.functions().filter(|function| function.name == "ApiFunction") {
        if api.get("/ReservedConcurrentExecutions") != &wanted {
            wrong.push("the API may take all the account's concurrency".to_owned());
        }
    }
    // An account has 1,000; half of them stay for the consumers.
    if !default.as_i64().is_some_and(|n| (1..=500).contains(&n)) {
        wrong.push(format!("{default} is reserved for the API by default"));
    }
    wrong
}

pub(super) fn visibility_is_six_times_the_timeout(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for mapping in template.mappings().filter(|mapping| !is_stream(*mapping)) {
        let timeout =
            template.target(mapping.get("/FunctionName")).and_then(|f| f.get("/Timeout").as_i64());
        let window = mapping.get("/MaximumBatchingWindowInSeconds");
        // A parameter without a maximum may be longer than any visibility.
        let window = if window.is_null() { Some(0) } else { template.at_most(window) };
        let window = window.unwrap_or(i64::from(u16::MAX));
        for queue in
            each(mapping.get("/EventSourceArn")).into_iter().filter_map(|arn| template.target(arn))
        {
            let visibility = queue.get("/VisibilityTimeout").as_i64().unwrap_or(30);
            if timeout.is_none_or(|seconds| visibility < seconds * 6 + window) {
                wrong.push(format!(
                    "{}: {visibility} s for a function of {timeout:?} s",
                    queue.name
                ));
            }
        }
    }
    wrong
}

/// SQS refuses a larger batch to a mapping without a window.
pub(super) fn large_batches_of_queues_have_a_window(template: &Template) -> Vec<String> {
    const BATCH_WITHOUT_WINDOW_MAX: i64 = 10;
    let wait = &template.document["Conditions"]["ViewsWait"];
    let waits = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "ViewWindow"}, 0]}]});
    let bad = template.mappings().filter(|mapping| !is_stream(*mapping)).filter(|mapping| {
        let size = mapping.get("/BatchSize");
        let window = mapping.get("/MaximumBatchingWindowInSeconds");
        let without = match size["Fn::If"].as_array().map(Vec::as_slice) {
            // The larger batch is that of a window of at least a second.
            Some([condition, _, without])
                if condition == "ViewsWait"
                    && *wait == waits
                    && *window == json!({"Ref": "ViewWindow"}) =>
            {
                template.at_most(without)
            }
            _ if window.as_i64().is_some_and(|seconds| seconds > 0) => Some(0),
            _ => template.at_most(size),
        };
        without.is_none_or(|size| size > BATCH_WITHOUT_WINDOW_MAX)
    });
    names(bad, "has a batch over 10 and may have no window")
}
