//! Requests of an HTTP API for the router, and answers for the gateway.

use dekigoto_lambda::gateway::{Answer, Invocation, NotBase64};
use http::Response;
use serde_json::{Value, json, value::to_raw_value};

/// An event of payload format 2.0.
pub(crate) fn event(method: &str, path: &str, query: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": { "host": "api.example", "x-amzn-trace-id": "Root=1" },
        "requestContext": {
            "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "r-1", "time": "x", "timeEpoch": 1,
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "x" },
        },
        "isBase64Encoded": false,
    })
}

pub(crate) fn read(event: &Value) -> Result<Invocation, String> {
    Invocation::read(&to_raw_value(event).unwrap()).map_err(|cause| cause.to_string())
}

/// The event with another value at this pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut event = event("POST", "/v1/orders", "");
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap()[name] = value;
    event
}

fn uri(path: &str, query: &str) -> String {
    read(&event("GET", path, query)).unwrap().request.unwrap().uri().to_string()
}

#[test]
fn an_event_becomes_a_request_with_its_id() {
    let invocation = read(&event("GET", "/v1/orders", "limit=2&customerId=c%2342")).unwrap();
    assert_eq!((invocation.id.as_deref(), invocation.identity), (Some("r-1"), None));
    let request = invocation.request.unwrap();
    assert_eq!((request.method(), request.uri().path()), (&http::Method::GET, "/v1/orders"));
    assert_eq!(request.uri().query(), Some("limit=2&customerId=c%2342"));
    assert_eq!(request.headers()["host"], "api.example");
    assert_eq!(request.into_body(), Ok(Vec::new()));
}

#[test]
fn an_escaped_path_stays_as_it_was_sent() {
    for path in [
        "/v1/orders/%2e%2e/x",
        "/v1/orders/%00",
        "/a%23b",
        "/%F0%9F%99%82",
        "/a//b/",
        "/..",
        "/a%2Fb",
        "/%zz",
    ] {
        assert_eq!(uri(path, ""), path);
    }
}

#[test]
fn a_path_that_the_gateway_has_decoded_is_escaped_again() {
    for (path, sent) in [
        ("/v1/orders/\0", "/v1/orders/%00"),
        ("/v1/orders/a#b", "/v1/orders/a%23b"),
        ("/v1/orders/a?b=c", "/v1/orders/a%3Fb=c"),
        ("/v1/orders/a b", "/v1/orders/a%20b"),
        ("/v1/orders/\r\n", "/v1/orders/%0D%0A"),
        ("/v1/orders/🙂", "/v1/orders/%F0%9F%99%82"),
        ("/v1/orders/a%252e", "/v1/orders/a%252e"),
        ("/<\"\\^`{|}>", "/%3C%22%5C%5E%60%7B%7C%7D%3E"),
        ("", "/"),
        ("v1/health", "/v1/health"),
        ("http://elsewhere/v1/health", "/http://elsewhere/v1/health"),
    ] {
        assert_eq!(uri(path, ""), sent);
    }
    assert_eq!(uri("/", "a=1?&b=x y#z"), "/?a=1?&b=x%20y%23z");
}

#[test]
fn a_body_is_text_or_base64_or_an_error() {
    for (body, is_base64, expected) in [
        (Value::Null, false, Ok("")),
        (json!(""), true, Ok("")),
        (json!("{\"a\": \"é\"}"), false, Ok("{\"a\": \"é\"}")),
        (json!("e30="), false, Ok("e30=")),
        (json!("e30="), true, Ok("{}")),
        (json!("e30"), true, Err(NotBase64)),
        (json!("e3 0="), true, Err(NotBase64)),
        (json!("e30=e30="), true, Err(NotBase64)),
        (json!("_-8="), true, Err(NotBase64)),
        (json!("{}"), true, Err(NotBase64)),
    ] {
        let mut event = with("/body", body.clone());
        event["isBase64Encoded"] = json!(is_base64);
        let read = read(&event).unwrap().request.unwrap().into_body();
        assert_eq!(read, expected.map(|text| text.as_bytes().to_vec()), "{body} {is_base64}");
    }
}

#[test]
fn a_request_that_is_invalid_in_http_is_refused() {
    let many: Value = (0..40_000)
        .map(|it| (format!("x-{it}"), json!("1")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    for (event, what) in [
        (with("/requestContext/http/method", json!("GE T")), "method"),
        (with("/requestContext/http/method", json!("")), "method"),
        (with("/rawPath", json!(format!("/{}", "a".repeat(70_000)))), "URI"),
        (with("/headers/x-a", json!("b\r\nx-admin: 1")), "header"),
        (with("/headers/x-a", json!("\0")), "header"),
        (with("/headers/x a", json!("b")), "header"),
        (with("/headers/", json!("b")), "header"),
        (with("/headers", many), "header"),
    ] {
        let invocation = read(&event).unwrap();
        let refused = invocation.request.unwrap_err().to_string();
        assert_eq!(refused, format!("the {what} is not valid in HTTP"));
        assert_eq!(invocation.id.as_deref(), Some("r-1"));
    }
}

#[test]
fn an_event_of_another_kind_is_refused_and_not_quoted_s17() {
    for event in [
        json!({ "secret": "s3cr3t" }),
        json!("s3cr3t"),
        json!({ "Records": [{ "eventSource": "aws:sqs", "body": "s3cr3t" }] }),
        json!({ "version": "1.0", "httpMethod": "GET", "path": "/v1/health", "body": "s3cr3t" }),
        with("/version", json!("1.0")),
        with("/rawPath", json!(["s3cr3t"])),
        with("/headers", json!("s3cr3t")),
    ] {
        let error = read(&event).unwrap_err();
        assert!(error.contains("2.0") && !error.contains("s3cr3t"), "{error}");
    }
}

#[test]
fn headers_and_query_are_optional() {
    for gone in ["headers", "rawQueryString"] {
        let null = with(&format!("/{gone}"), Value::Null);
        let mut missing = null.clone();
        missing.as_object_mut().unwrap().remove(gone);
        for event in [null, missing] {
            assert!(read(&event).unwrap().request.is_ok(), "{event}");
        }
    }
}

fn answer(response: Response<&[u8]>) -> Value {
    let (parts, body) = response.into_parts();
    serde_json::to_value(Answer::new(&parts, body.to_vec())).unwrap()
}

#[test]
fn an_answer_has_one_value_for_each_header_and_unchanged_text() {
    let response = Response::builder()
        .status(405)
        .header("allow", "GET")
        .header("allow", "POST")
        .header("content-type", "application/problem+json");
    assert_eq!(
        answer(response.body("{\"a\": \"é\"}".as_bytes()).unwrap()),
        json!({
            "statusCode": 405,
            "headers": { "allow": "GET, POST", "content-type": "application/problem+json" },
            "body": "{\"a\": \"é\"}",
            "isBase64Encoded": false,
        })
    );
}

#[test]
fn a_binary_answer_is_sent_as_base64() {
    let said = answer(Response::new(&[0x1f, 0x8b, 0x08, 0x00]));
    assert_eq!((&said["body"], &said["isBase64Encoded"]), (&json!("H4sIAA=="), &json!(true)));
    let said = answer(Response::new(&[]));
    assert_eq!((&said["body"], &said["isBase64Encoded"]), (&json!(""), &json!(false)));
}
