//! Whatever a client sends, as API Gateway hands it to the api function. The numbers are the rows of the reliability plan's
//! table of bad inputs; what the router alone decides is tested beside the router.

use api::AuthMode;
use http::Response;
use serde_json::{Value, json};

use crate::{
    log::Log,
    support::{ORDER, World, sample},
};

/// A request of a trusted service.
fn asks(method: &str, path: &str, query: &str) -> Value {
    let mut event = sample("api-get-order.json");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    event["requestContext"]["http"]["path"] = json!(path);
    event["rawQueryString"] = json!(query);
    event["queryStringParameters"] = Value::Null;
    event
}

/// A new order, with a header of its own.
fn places(name: &str, value: &str) -> Value {
    let mut event = sample("api-place-order.json");
    event["headers"][name] = json!(value);
    event
}

/// The answer, which is the documented error, with nothing written.
async fn refuses(event: &Value, status: u16, code: &str) -> Response<String> {
    let world = World::default();
    let response = world.api_response(AuthMode::Iam, event).await;
    assert_eq!(response.status(), status, "{event}: {}", response.body());
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!(status)), "{event}");
    assert_eq!(body["instance"], "BvZ0XgKnliAEJmg=", "the gateway's request id");
    assert!(response.body().len() < 1000, "{}", response.body());
    assert!(world.store.dump().is_empty() && world.views.dump().is_empty());
    response
}

#[tokio::test]
async fn row_14_base64_is_decoded() {
    let world = World::default();
    let event = sample("api-place-order-base64.json");
    assert_eq!(event["isBase64Encoded"], true);
    assert_eq!(world.api(AuthMode::Iam, &event).await.0, 201);
}

#[tokio::test]
async fn row_14_invalid_base64_is_malformed_and_the_answer_names_its_key() {
    let whole = sample("api-place-order-base64.json")["body"].as_str().unwrap().to_owned();
    let cut = &whole[..whole.len() - 3];
    for body in ["%%%", "e30", "e30=e30=", "{\"customerId\": \"c-42\"}", "🙂", cut] {
        let mut event = sample("api-place-order-base64.json");
        event["body"] = json!(body);
        let response = refuses(&event, 400, "malformed-request").await;
        assert_eq!(response.headers()["idempotency-key"], "checkout-7f3a");
        assert!(!response.body().contains(body), "{}", response.body());
    }
}

#[tokio::test]
async fn row_14_a_body_that_may_be_left_out_is_not_left_out_by_breaking_it() {
    let world = World::default();
    let (_, placed) = world.api(AuthMode::Iam, &sample("api-place-order.json")).await;
    let before = world.store.dump();
    let path = format!("/v1/orders/{}/confirm", placed["orderId"].as_str().unwrap());
    let mut event = asks("POST", &path, "");
    event["isBase64Encoded"] = json!(true);
    event["body"] = json!("e30");
    let (status, body) = world.api(AuthMode::Iam, &event).await;
    assert_eq!((status, &body["code"]), (400, &json!("malformed-request")));
    assert_eq!(world.store.dump(), before);
    event["body"] = json!("");
    assert_eq!(world.api(AuthMode::Iam, &event).await.0, 200);
}

#[tokio::test]
async fn row_14_base64_of_what_is_no_text_is_malformed() {
    let mut event = sample("api-place-order-base64.json");
    event["body"] = json!("/w=="); // One byte, 0xff.
    refuses(&event, 400, "malformed-request").await;
}

#[tokio::test]
async fn row_18_a_hostile_id_never_reaches_a_key() {
    let long = "a".repeat(1024);
    // As they were sent, which function URLs and some emulators keep, and with the escapes undone, as an HTTP API does.
    for id in [
        "1",
        "%2e%2e",
        "..",
        ".",
        "%00",
        "\0",
        "a%23b",
        "a#b",
        "a b",
        "a%20b",
        "%F0%9F%99%82",
        "🙂",
        "%ff",
        "%",
        "%zz",
        "ORDER%231",
        "a%252e",
        "0198C1F2-7A3B-5C4D-8E5F-60718293A4B5",
        "\r\n{\"level\":\"error\"}",
        &long,
    ] {
        for (method, rest) in [("GET", ""), ("GET", "/events"), ("POST", "/confirm")] {
            let event = asks(method, &format!("/v1/orders/{id}{rest}"), "");
            refuses(&event, 400, "malformed-request").await;
        }
    }
    for id in ["a#b", "a%23b", "\0", "%00", "a b", "🙂", &long] {
        let event = asks("GET", &format!("/v1/customers/{id}/summary"), "");
        refuses(&event, 400, "malformed-request").await;
    }
}

#[tokio::test]
async fn row_18_a_slash_in_an_id_is_another_path() {
    for path in ["/v1/orders/../x", "/v1/orders/", "/v1/orders/../../v1/health", "/v1/../v1/health"]
    {
        refuses(&asks("GET", path, ""), 404, "not-found").await;
    }
    refuses(&asks("GET", "/v1/orders//events", ""), 400, "malformed-request").await;
    refuses(&asks("GET", &format!("/v1/orders/{ORDER}/..%2fevents"), ""), 404, "not-found").await;
}

#[tokio::test]
async fn row_21_without_claims_nobody_is_let_in_and_nothing_is_said() {
    for authorizer in [
        Value::Null,
        json!({}),
        json!({ "jwt": null }),
        json!({ "jwt": { "claims": null, "scopes": null } }),
        json!({ "jwt": { "claims": {}, "scopes": ["orders:staff"] } }),
        json!({ "jwt": { "claims": { "sub": "" }, "scopes": null } }),
        json!({ "jwt": { "claims": { "sub": 42 }, "scopes": null } }),
        json!({ "iam": { "userArn": "arn:aws:iam::123456789012:role/shop" } }),
        json!({ "lambda": { "sub": "c-42" } }),
    ] {
        for path in [format!("/v1/orders/{ORDER}"), "/v1/orders".to_owned()] {
            let mut event = asks("GET", &path, "");
            event["requestContext"]["authorizer"] = authorizer.clone();
            let (status, body) = World::with_history().api(AuthMode::Jwt, &event).await;
            assert_eq!((status, &body["code"]), (401, &json!("unauthenticated")), "{authorizer}");
            assert!(!body.to_string().contains("c-42"), "{body}");
        }
    }
}

#[tokio::test]
async fn row_22_a_customers_token_may_not_do_what_staff_do() {
    let order = format!("/v1/orders/{ORDER}");
    for (method, path, body) in [
        ("POST", format!("{order}/confirm"), Value::Null),
        ("POST", format!("{order}/deliver"), Value::Null),
        ("POST", format!("{order}/ship"), json!({ "carrier": "DHL", "trackingNumber": "1" })),
        (
            "POST",
            format!("{order}/payments"),
            json!({ "reference": "r", "amount": 1, "currency": "JPY", "outcome": "captured" }),
        ),
        ("GET", "/v1/sales/daily".to_owned(), Value::Null),
    ] {
        let mut event = asks(method, &path, "");
        if method == "GET" {
            event["rawQueryString"] = json!("from=2026-11-23&to=2026-11-23");
        }
        if !body.is_null() {
            event["body"] = json!(body.to_string());
            event["headers"]["content-type"] = json!("application/json");
        }
        event["requestContext"]["authorizer"] =
            json!({ "jwt": { "claims": { "sub": "c-42", "scope": "openid" }, "scopes": null } });
        let world = World::with_history();
        let before = world.store.dump();
        let (status, answer) = world.api(AuthMode::Jwt, &event).await;
        assert_eq!((status, &answer["code"]), (403, &json!("forbidden")), "{path}: {answer}");
        assert_eq!(world.store.dump(), before);
    }
}

#[tokio::test]
async fn row_23_unknown_methods_and_paths_are_told_apart() {
    for (method, path, allow) in [
        ("DELETE", "/v1/orders", "GET,HEAD,POST"),
        ("OPTIONS", "/v1/orders", "GET,HEAD,POST"),
        ("TRACE", "/v1/health", "GET,HEAD"),
        ("BREW", "/v1/health", "GET,HEAD"),
    ] {
        let response = refuses(&asks(method, path, ""), 405, "method-not-allowed").await;
        let mut allowed: Vec<_> =
            response.headers()["allow"].to_str().unwrap().split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(","), allow, "{method} {path}");
    }
    for path in [
        "/",
        "/nowhere",
        "/v1/orders/",
        "//v1/orders",
        "/v1//orders",
        "/V1/orders",
        "/v1/health/",
        "http://a/v1/health",
    ] {
        refuses(&asks("GET", path, ""), 404, "not-found").await;
    }
}

#[tokio::test]
async fn row_23_a_head_is_a_get_without_its_body() {
    let world = World::default();
    let head = world.api_response(AuthMode::Iam, &asks("HEAD", "/v1/health", "")).await;
    assert_eq!((head.status().as_u16(), &**head.body()), (200, ""));
}

#[tokio::test]
async fn row_35_many_long_headers_neither_stop_nor_change_the_answer() {
    let mut event = sample("api-place-order.json");
    for number in 0..100 {
        event["headers"][format!("x-bomb-{number}")] = json!("b".repeat(8 * 1024));
    }
    let logged = Log::start();
    assert_eq!(World::default().api(AuthMode::Iam, &event).await.0, 201);
    assert!(!logged.text().contains("bbb"), "{}", logged.text());
}

#[tokio::test]
async fn row_35_a_line_break_in_a_header_is_malformed_and_never_logged() {
    for value in ["a\r\nx-admin: 1", "a\nforged: line", "a\0b"] {
        for name in ["idempotency-key", "x-whatever", "authorization"] {
            let logged = Log::start();
            refuses(&places(name, value), 400, "malformed-request").await;
            let text = logged.text();
            assert!(text.contains("BvZ0XgKnliAEJmg=") && text.contains("header"), "{text}");
            assert!(!text.contains("x-admin") && !text.contains("forged"), "{text}");
        }
    }
}

#[tokio::test]
async fn row_35_a_duplicate_authorization_is_not_read() {
    // The gateway joins what is given twice, and has read it; the function reads only what the gateway verified.
    let event = places("authorization", "Bearer aaa.bbb.ccc,Bearer ddd.eee.fff");
    let logged = Log::start();
    assert_eq!(World::default().api(AuthMode::Iam, &event).await.0, 201);
    assert!(!logged.text().contains("aaa.bbb"), "{}", logged.text());
}

#[tokio::test]
async fn row_36_forged_origins_and_traces_are_not_believed() {
    let forged = [
        ("x-forwarded-for", "10.0.0.1, 203.0.113.7"),
        ("x-tenant", "another"),
        ("x-amzn-request-id", "forged"),
        ("x-amzn-requestid", "forged"),
        ("x-amzn-trace-id", "forged"),
        ("traceparent", "garbage"),
        ("traceparent", "00-zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz-00f067aa0ba902b7-01"),
        ("traceparent", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ];
    for (name, value) in forged {
        let world = World::default();
        let (plain, logged) = (World::default(), Log::start());
        assert_eq!(plain.api(AuthMode::Iam, &sample("api-place-order.json")).await.0, 201);
        assert_eq!(world.api(AuthMode::Iam, &places(name, value)).await.0, 201, "{name}");
        assert_eq!(world.store.dump(), plain.store.dump(), "{name}: {value}");
        assert!(!logged.text().contains(value), "{}", logged.text());
    }
}

#[tokio::test]
async fn s17_what_is_no_http_event_fails_the_invocation_and_is_not_told() {
    let secret = json!("4111-1111");
    let records = json!({ "Records": [{ "eventSource": "aws:sqs", "body": secret }] });
    let rest = json!({ "version": "1.0", "httpMethod": "GET", "path": "/", "body": secret });
    for event in [json!({}), Value::Null, secret, records, rest] {
        let logged = Log::start();
        let error = World::default().invoke(AuthMode::None, &event).await.unwrap_err();
        assert!(error.contains("payload format 2.0"), "{error}");
        assert!(!error.contains("4111") && !logged.text().contains("4111"), "{error}");
    }
}

#[tokio::test]
async fn queries_reach_the_router_as_they_were_sent() {
    let world = World::with_history();
    for (query, status) in [
        ("customerId=a%23b", 400),
        ("customerId=a#b", 400),
        ("customerId=c-42&customerId=c-42", 400),
        ("customerId=c-42&limit=%31", 200),
        ("customerId=c-42", 200),
    ] {
        let answer = world.api(AuthMode::Iam, &asks("GET", "/v1/orders", query)).await;
        assert_eq!(answer.0, status, "{query}: {}", answer.1);
    }
}
