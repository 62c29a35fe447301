//! S17: logs contain no payload.

use dekigoto::ViewStore as _;
use dekigoto_lambda::http::AuthMode;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use crate::{
    log::Log,
    support::{Functions, ORDER, VIEWS, sample},
};

/// Private data in the samples: ids, names, amounts, reasons, and the damaged values below.
const PRIVATE: [&str; 7] = ["c-42", "p-1", "JPY", "1500", "checkout-7f3a", "4111-1111", ORDER];

/// The log lines. The lines of metrics are held to the same: see `metrics.rs`.
fn lines(log: &Log) -> Vec<Value> {
    let text = log.text();
    for word in PRIVATE {
        assert!(!text.contains(word), "{word} is in the log: {text}");
    }
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.filter(|line: &Value| line["_aws"].is_null()).collect()
}

fn field<'a>(line: &'a Value, name: &str) -> &'a Value {
    &line[name]
}

#[tokio::test]
async fn a_successful_request_logs_nothing_and_at_debug_its_id_and_status_s17() {
    let (world, log) = (Functions::default(), Log::start());
    assert_eq!(world.api(AuthMode::Iam, &sample("api-place-order.json")).await.0, 201);
    assert_eq!(lines(&log), Vec::<Value>::new());
    drop(log);
    let (world, log) = (Functions::default(), Log::at(LevelFilter::DEBUG));
    assert_eq!(world.api(AuthMode::Iam, &sample("api-health.json")).await.0, 200);
    let lines = lines(&log);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], field(&lines[0], "status")), (&json!("INFO"), &json!(200)));
    assert!(field(&lines[0], "request.id").is_string(), "{lines:?}");
}

#[tokio::test]
async fn a_refused_request_is_one_log_line_at_debug_without_its_content_s17() {
    for body in ["4111-1111", r#"{"4111-1111":1}"#, r#"{"customerId":"4111-1111 "}"#] {
        let mut event = sample("api-place-order.json");
        event["body"] = json!(body);
        let (world, log) = (Functions::default(), Log::at(LevelFilter::DEBUG));
        assert_eq!(world.api(AuthMode::Iam, &event).await.0, 400);
        let lines = lines(&log);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(field(&lines[0], "status"), 400);
    }
}

#[tokio::test]
async fn a_failure_is_logged_once_with_its_cause_and_request_but_no_payload_s17() {
    let world = Functions::with_history();
    for mut item in world.store.dump() {
        item.ev = item.ev.replace("\"t\":", "\"4111-1111\":");
        world.store.put_raw(item);
    }
    let mut event = sample("api-get-order.json");
    event["rawPath"] = json!(format!("/v1/orders/{ORDER}/events"));
    event["rawQueryString"] = json!("");
    let log = Log::start();
    let (status, body) = world.api(AuthMode::Iam, &event).await;
    assert_eq!((status, &body["code"]), (500, &json!("internal")));
    let text = log.text();
    let errors: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["level"] == "ERROR")
        .collect();
    assert_eq!(errors.len(), 1, "{text}");
    let cause = field(&errors[0], "cause").as_str().unwrap();
    assert!(cause.contains("commit Some(1)") && cause.contains("column"), "{cause}");
    assert_eq!(field(&errors[0], "request.id"), "BvZ0XgKnliAEJmg=");
    assert_eq!(text.matches("column").count(), 1, "the cause is logged once: {text}");
    // The log names the stream, because an operator must repair it, but not its content.
    for word in PRIVATE.into_iter().filter(|word| *word != ORDER) {
        assert!(!text.contains(word), "{word} is in the log: {text}");
    }
    assert!(!body.to_string().contains("column"), "{body}");
}

#[tokio::test]
async fn a_damaged_row_is_logged_by_its_view_and_without_the_customer_s17() {
    let world = Functions::with_history();
    for view in VIEWS {
        world.projector(view, &sample("projector-raw.json")).await.unwrap();
    }
    for mut row in world.views.dump() {
        // Valid JSON with a text in place of another type. Processed-event records have no fields.
        let Some(first) = row.body.as_str().find(':') else { continue };
        let text = format!("{}:\"4111-1111\"}}", &row.body.as_str()[..first]);
        row.body = serde_json::from_str(&text).unwrap();
        row.revision += 1;
        world.views.write(&[row]).await.unwrap();
    }
    // An order is read from the store. A sum with an unreadable part would be wrong; a report omits the part.
    for (path, query, expected) in [
        (format!("/v1/orders/{ORDER}"), "", 200),
        ("/v1/orders".to_owned(), "customerId=c-42", 200),
        ("/v1/customers/c-42/summary".to_owned(), "", 503),
        ("/v1/sales/daily".to_owned(), "from=2026-11-23&to=2026-11-23", 200),
    ] {
        let mut event = sample("api-get-order.json");
        event["rawPath"] = json!(path);
        event["rawQueryString"] = json!(query);
        let log = Log::start();
        let (status, body) = world.api(AuthMode::Iam, &event).await;
        assert_eq!(status, expected, "{path}: {body}");
        let text = log.text();
        assert!(text.contains("unreadable at column") && !text.contains("4111"), "{path}: {text}");
        assert!(!text.contains("c-42"), "{path}: the log names the customer: {text}");
    }
}

#[tokio::test]
async fn an_unknown_method_is_not_logged_s17() {
    let mut event = sample("api-health.json");
    event["requestContext"]["http"]["method"] = json!("CARD-4111-1111");
    let (world, log) = (Functions::default(), Log::at(LevelFilter::DEBUG));
    assert_eq!(world.api(AuthMode::Iam, &event).await.0, 405);
    let lines = lines(&log);
    assert_eq!((lines.len(), field(&lines[0], "method")), (1, &json!("this method")));
}

#[tokio::test]
async fn no_line_of_any_level_holds_a_token_its_bearer_or_a_key_s17() {
    let token = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzZWNyZXQtY3VzdG9tZXIifQ.c2lnbmF0dXJl";
    for (mode, authorizer) in [
        (
            AuthMode::Jwt,
            json!({"jwt": {"claims": {"sub": "secret-customer", "scope": "openid"}, "scopes": null}}),
        ),
        // The same request, refused.
        (AuthMode::Jwt, Value::Null),
        (
            AuthMode::Iam,
            json!({"iam": {"userArn": "arn:aws:iam::123456789012:role/secret-customer"}}),
        ),
    ] {
        let mut event = sample("api-place-order.json");
        event["requestContext"]["authorizer"] = authorizer;
        event["headers"]["authorization"] = json!(token);
        event["headers"]["cookie"] = json!("session=secret-cookie");
        event["headers"]["idempotency-key"] = json!("secret-key");
        let body = r#"{"customerId":"secret-customer","currency":"JPY","items":[{"productId":"p-1","quantity":1,"unitAmount":1500}]}"#;
        event["body"] = json!(body);
        let (world, log) = (Functions::default(), Log::at(LevelFilter::TRACE));
        let (status, _) = world.api(mode, &event).await;
        assert!([201, 400, 401, 403, 422].contains(&status), "{mode:?}: {status}");
        let text = log.text();
        assert!(!text.is_empty(), "{mode:?}");
        for word in ["eyJ", "c2lnbmF0dXJl", "secret-"] {
            assert!(!text.contains(word), "{mode:?}: {word} is in the log: {text}");
        }
    }
}
