//! The functions: how they are built, where they log, what they are told.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::model::{Template, points_at};

/// An HTTP API gives up on its integration then.
const GATEWAY_SECONDS_MAX: i64 = 30;

/// Each function's binary and the environment it reads at start; it refuses to start when one is missing.
const FUNCTIONS: &[(&str, &str, &[&str])] = &[
    ("ApiFunction", "api", &["AUTH_MODE", "EVENT_TABLE", "VIEW_TABLE"]),
    (
        "PublisherFunction",
        "publisher",
        &["BUS_NAME", "DLQ_URL", "EVENT_SOURCE", "EVENT_TABLE", "RETRY_QUEUE_URL", "TOPIC_ARN"],
    ),
    ("OrderSummaryFunction", "projector", &["DLQ_URL", "EVENT_TABLE", "VIEW", "VIEW_TABLE"]),
    ("CustomerSummaryFunction", "projector", &["DLQ_URL", "EVENT_TABLE", "VIEW", "VIEW_TABLE"]),
    ("DailySalesFunction", "projector", &["DLQ_URL", "EVENT_TABLE", "VIEW", "VIEW_TABLE"]),
];

pub(super) fn functions_run_on_the_chosen_processor(template: &Template) -> Vec<String> {
    let globals = &template.document["Globals"]["Function"];
    let mut wrong = Vec::new();
    if globals["Architectures"] != json!([{"Ref": "Architecture"}]) {
        wrong.push("the architecture is not a parameter".to_owned());
    }
    if template.document["Parameters"]["Architecture"]["Default"] != "arm64" {
        wrong.push("arm64 is not the default".to_owned());
    }
    if globals["Runtime"] != "provided.al2023" {
        wrong.push(format!("runtime is {}", globals["Runtime"]));
    }
    for function in template.functions() {
        for key in ["Architectures", "Runtime"] {
            if !function.get(&format!("/{key}")).is_null() {
                wrong.push(format!("{} has {key} of its own", function.name));
            }
        }
    }
    wrong
}

pub(super) fn functions_are_built_from_this_workspace(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    let found: Vec<_> = template.functions().map(|function| function.name).collect();
    for (name, binary, _) in FUNCTIONS {
        let metadata = &template.document["Resources"][*name]["Metadata"];
        if metadata["BuildMethod"] != "rust-cargolambda"
            || metadata["BuildProperties"]["Binary"] != *binary
        {
            wrong.push(format!("{name} is not built from {binary}"));
        }
    }
    if found.len() != FUNCTIONS.len() {
        wrong.push(format!("functions are {found:?}"));
    }
    wrong
}

pub(super) fn functions_log_with_retention(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut groups: Vec<_> =
        template.of_type("AWS::Logs::LogGroup").map(|group| group.name).collect();
    for function in template.functions() {
        let group = points_at(function.get("/LoggingConfig/LogGroup"));
        if function.get("/LoggingConfig/LogFormat") != &json!("JSON") {
            wrong.push(format!("{} does not log JSON", function.name));
        }
        if !group.is_some_and(|name| groups.contains(&name)) {
            wrong.push(format!("{} has no log group of its own", function.name));
        }
        groups.retain(|name| Some(*name) != group);
    }
    for group in template.of_type("AWS::Logs::LogGroup") {
        if group.get("/RetentionInDays").is_null() {
            wrong.push(format!("{} keeps logs for ever", group.name));
        }
    }
    wrong
}

/// Its own deadline, then the function's, then the gateway's 30 s, each with time to answer.
pub(super) fn the_api_answers_in_time(template: &Template) -> Vec<String> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/service/src/http/limits.rs");
    let limits = fs::read_to_string(path).expect("limits.rs is readable");
    let own = limits
        .split_once("REQUEST_TIME_MAX: Duration = Duration::from_secs(")
        .and_then(|(_, rest)| rest.split_once(')'))
        .and_then(|(seconds, _)| seconds.parse::<i64>().ok())
        .expect("REQUEST_TIME_MAX is a number of seconds");
    let api = template.functions().filter(|function| function.name == "ApiFunction");
    let timeouts: Vec<_> = api.map(|function| function.get("/Timeout").as_i64()).collect();
    match timeouts.as_slice() {
        [Some(timeout)] if (own + 1..GATEWAY_SECONDS_MAX).contains(timeout) => Vec::new(),
        other => vec![format!("the API's own deadline is {own} s, its function's {other:?}")],
    }
}

pub(super) fn functions_get_their_environment(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for function in template.functions() {
        let wanted = FUNCTIONS
            .iter()
            .find(|(name, ..)| *name == function.name)
            .map(|(.., names)| names.to_vec());
        let mut given: Vec<_> = function
            .get("/Environment/Variables")
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        given.sort_unstable();
        if wanted.as_ref() != Some(&given) {
            wrong.push(format!("{}: gets {given:?}, reads {wanted:?}", function.name));
        }
    }
    wrong.extend(parks_beside_its_queue(template));
    wrong
}

/// A function parks in the DLQ of the queue it reads, or the redrive of that queue would not bring the message back.
fn parks_beside_its_queue(template: &Template) -> Vec<String> {
    let sources = template.mappings().filter_map(|mapping| {
        let function = template.target(mapping.get("/FunctionName"))?;
        let queue = template.target(mapping.get("/EventSourceArn"))?;
        let redrive = queue.get("/RedrivePolicy/deadLetterTargetArn");
        (!redrive.is_null()).then(|| (function, points_at(redrive)))
    });
    sources
        .filter(|(function, dlq)| points_at(function.get("/Environment/Variables/DLQ_URL")) != *dlq)
        .map(|(function, dlq)| {
            format!(
                "{} does not park in {dlq:?}: {:?}",
                function.name,
                function.get("/Environment/Variables/DLQ_URL")
            )
        })
        .collect::<Vec<String>>()
}

#[test]
fn each_projector_has_a_view_of_its_own() {
    let template = Template::load();
    let mut views: Vec<_> = template
        .functions()
        .filter_map(|function| {
            function.get("/Environment/Variables/VIEW").as_str().map(str::to_owned)
        })
        .collect();
    views.sort_unstable();
    assert_eq!(
        views,
        ["customer-summary", "daily-sales", "order-summary"]
            .map(Value::from)
            .map(|v| v.as_str().unwrap().to_owned())
    );
}
