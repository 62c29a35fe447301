//! The functions: build, logs, environment.

use std::{fs, path::PathBuf};

use dekigoto::views::EVENTS_PER_WRITE_MAX;
use serde_json::json;

use super::model::{Template, points_at};

/// The integration time-out of an HTTP API.
const GATEWAY_SECONDS_MAX: i64 = 30;

/// Each binary with the environment variables that it requires.
const BINARIES: &[(&str, &[&str])] = &[
    (
        "api",
        &[
            "AUTH_MODE",
            "BASE_PATH",
            "EVENT_TABLE",
            "SERVICE",
            "SESSION_CLAIM",
            "STAFF_CLAIM",
            "STAFF_SCOPE",
            "TIME_ZONE",
            "VIEW_TABLE",
        ],
    ),
    (
        "publisher",
        &[
            "BUS_NAME",
            "DLQ_URL",
            "EVENT_SOURCE",
            "EVENT_TABLE",
            "RETRY_QUEUE_URL",
            "SCHEMA_BASE_URL",
            "SERVICE",
            "TOPIC_ARN",
        ],
    ),
    (
        "policy",
        &[
            "CONFIRMATION",
            "DLQ_URL",
            "EVENT_TABLE",
            "PAYMENT_SECONDS",
            "POLICY",
            "QUEUE_URL",
            "SERVICE",
            "VIEW_TABLE",
        ],
    ),
    ("projector", &["DLQ_URL", "EVENT_TABLE", "SERVICE", "VIEW", "VIEW_TABLE"]),
    (
        REBUILD,
        &[
            "DLQ_URL",
            "EVENT_TABLE",
            "REBUILD_QUEUE_URL",
            "RETRY_QUEUE_URL",
            "SERVICE",
            "VIEW_TABLE",
        ],
    ),
];

/// The function that rebuilds views. It has the code of the projectors, and other settings.
pub(super) const REBUILD: &str = "rebuild";

/// Every other function is the projector of a view.
pub(super) fn binary_of(function: &str) -> &str {
    match function {
        "ApiFunction" => "api",
        "PublisherFunction" => "publisher",
        "RebuildFunction" => REBUILD,
        policy if policy.ends_with("PolicyFunction") => "policy",
        _ => "projector",
    }
}

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
        for (key, value) in globals.as_object().into_iter().flatten() {
            let own = function.get(&format!("/{key}"));
            // SAM merges the variables.
            if key != "Environment" && !own.is_null() && own != value {
                wrong.push(format!("{} has {key} of its own", function.name));
            }
        }
    }
    wrong
}

pub(super) fn functions_are_built_from_this_workspace(template: &Template) -> Vec<String> {
    let bad = template.functions().filter(|function| {
        let metadata = &function.block["Metadata"];
        let binary = match binary_of(function.name) {
            REBUILD => "projector",
            binary => binary,
        };
        metadata["BuildMethod"] != "rust-cargolambda"
            || metadata["BuildProperties"]["Binary"] != binary
    });
    bad.map(|function| format!("{} is not built from {}", function.name, binary_of(function.name)))
        .collect()
}

/// The view `daily-sales` of the registry is `DailySalesFunction` with `VIEW: daily-sales` in the template.
pub(super) fn every_view_has_its_projector(template: &Template) -> Vec<String> {
    let service = order_service::service();
    let names = service.views().iter().map(|view| view.name());
    let views: Vec<_> = names.map(|name| (format!("{}Function", pascal(name)), name)).collect();
    let projectors: Vec<_> = template
        .functions()
        .filter(|function| binary_of(function.name) == "projector")
        .map(|function| (function.name, function.get("/Environment/Variables/VIEW")))
        .collect();
    let mut wrong = Vec::new();
    for (function, view) in &views {
        if !projectors.iter().any(|(name, its)| name == function && *its == view) {
            wrong.push(format!("{view}: no {function}. The mapping Views says how to add one"));
        }
    }
    if projectors.len() != views.len() {
        wrong.push(format!("{projectors:?} are not the projectors of {views:?}"));
    }
    wrong
}

/// A view gets only the events that it needs.
pub(super) fn every_view_subscribes_to_what_it_needs(template: &Template) -> Vec<String> {
    let service = order_service::service();
    let mut wrong = Vec::new();
    for view in service.views() {
        let name = format!("{}Subscription", pascal(view.name()));
        let subscription = template.of_type("AWS::SNS::Subscription").find(|it| it.name == name);
        let filter = subscription.map(|it| it.get("/FilterPolicy").clone()).unwrap_or_default();
        let scope = subscription.map(|it| it.get("/FilterPolicyScope").clone());
        let needed = json!({ "eventType": service.events_for(&**view) });
        if filter != needed || scope != Some("MessageAttributes".into()) {
            wrong.push(format!("{name}: {filter} is not what View::EVENTS asks for: {needed}"));
        }
    }
    wrong
}

/// All events of a full batch and the row that they change fit one transaction.
pub(super) fn a_full_batch_is_one_transaction(template: &Template) -> Vec<String> {
    let views = order_service::service();
    let names = views.views().iter().map(|view| format!("{}Mapping", pascal(view.name())));
    let is_too_large = |name: &String| {
        let mapping = template.mappings().find(|mapping| mapping.name == *name);
        let size = mapping.and_then(|mapping| template.at_most(mapping.get("/BatchSize")));
        let size = size.and_then(|size| usize::try_from(size).ok());
        size.is_none_or(|size| size > EVENTS_PER_WRITE_MAX)
    };
    let wrong = names.filter(is_too_large);
    wrong.map(|name| format!("{name}: BatchSize is over {EVENTS_PER_WRITE_MAX}")).collect()
}

/// `daily-sales` as `DailySales`.
pub(super) fn pascal(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
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
        if function.get("/LoggingConfig/SystemLogLevel") != &json!("WARN") {
            wrong.push(format!("{} pays for Lambda's lines about each invocation", function.name));
        }
        if !group.is_some_and(|name| groups.contains(&name)) {
            wrong.push(format!("{} has no log group of its own", function.name));
        }
        groups.retain(|name| Some(*name) != group);
    }
    for group in template.of_type("AWS::Logs::LogGroup") {
        if group.get("/RetentionInDays").is_null() {
            wrong.push(format!("{} has no retention", group.name));
        }
    }
    wrong
}

/// The deadline of the API comes first, then that of the function, then the 30 s of the gateway, each with time to
/// answer.
pub(super) fn the_api_answers_in_time(template: &Template) -> Vec<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/http/src/limits.rs");
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
        let binary = BINARIES.iter().find(|(name, _)| *name == binary_of(function.name));
        let wanted = binary.map(|(_, names)| names.to_vec());
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
    wrong.extend(parks_in_the_dlq_of_its_queue(template));
    wrong
}

/// A function parks in the DLQ of its own queue; otherwise a redrive to that queue would not find the message.
fn parks_in_the_dlq_of_its_queue(template: &Template) -> Vec<String> {
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
