//! Forged identities and hostile headers. The numbers are the rows of tests/BAD_INPUTS.md.

use dekigoto_lambda::http::AuthMode;
use serde_json::{Value, json};

use crate::{
    hostile::{asks, refuses},
    log::Log,
    support::{Functions, ORDER, sample},
};

/// A request for a new order with an additional header.
fn places(name: &str, value: &str) -> Value {
    let mut event = sample("api-place-order.json");
    event["headers"][name] = json!(value);
    event
}

#[tokio::test]
async fn row_21_without_claims_every_request_gets_401() {
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
            let (status, body) = Functions::with_history().api(AuthMode::Jwt, &event).await;
            assert_eq!((status, &body["code"]), (401, &json!("unauthenticated")), "{authorizer}");
            assert!(!body.to_string().contains("c-42"), "{body}");
        }
    }
}

#[tokio::test]
async fn row_22_a_customers_token_gets_403_for_staff_operations() {
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
        (
            "POST",
            format!("{order}/refunds"),
            json!({ "reference": "r", "refundReference": "s", "amount": 1, "outcome": "refunded" }),
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
        let world = Functions::with_history();
        let before = world.store.dump();
        let (status, answer) = world.api(AuthMode::Jwt, &event).await;
        assert_eq!((status, &answer["code"]), (403, &json!("forbidden")), "{path}: {answer}");
        assert_eq!(world.store.dump(), before);
    }
}

#[tokio::test]
async fn row_35_many_long_headers_do_not_change_the_answer() {
    let mut event = sample("api-place-order.json");
    for number in 0..100 {
        event["headers"][format!("x-bomb-{number}")] = json!("b".repeat(8 * 1024));
    }
    let logged = Log::start();
    assert_eq!(Functions::default().api(AuthMode::Iam, &event).await.0, 201);
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
    // The gateway joins duplicate headers. The function reads only the identity that the gateway verified.
    let event = places("authorization", "Bearer aaa.bbb.ccc,Bearer ddd.eee.fff");
    let logged = Log::start();
    assert_eq!(Functions::default().api(AuthMode::Iam, &event).await.0, 201);
    assert!(!logged.text().contains("aaa.bbb"), "{}", logged.text());
}

/// A proxy that sends the key twice, and a client that sends the command again without that proxy, make one order.
#[tokio::test]
async fn row_27_a_key_that_the_gateway_has_joined_makes_no_second_order_s5() {
    let world = Functions::default();
    assert_eq!(world.api(AuthMode::Iam, &places("idempotency-key", "k1")).await.0, 201);
    for joined in ["k1,k1", "k1, k1", "k1,k2"] {
        let (status, _) = world.api(AuthMode::Iam, &places("idempotency-key", joined)).await;
        assert_eq!((status, world.store.dump().len()), (400, 1), "{joined}");
    }
}

#[tokio::test]
async fn row_36_forged_origins_and_traces_are_not_trusted() {
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
        let world = Functions::default();
        let (plain, logged) = (Functions::default(), Log::start());
        assert_eq!(plain.api(AuthMode::Iam, &sample("api-place-order.json")).await.0, 201);
        assert_eq!(world.api(AuthMode::Iam, &places(name, value)).await.0, 201, "{name}");
        assert_eq!(world.store.dump(), plain.store.dump(), "{name}: {value}");
        assert!(!logged.text().contains(value), "{}", logged.text());
    }
}

#[tokio::test]
async fn an_event_that_is_not_http_fails_without_repeating_its_content_s17() {
    let secret = json!("4111-1111");
    let records = json!({ "Records": [{ "eventSource": "aws:sqs", "body": secret }] });
    let rest = json!({ "version": "1.0", "httpMethod": "GET", "path": "/", "body": secret });
    for event in [json!({}), Value::Null, secret, records, rest] {
        let logged = Log::start();
        let error = Functions::default().invoke(AuthMode::None, &event).await.unwrap_err();
        assert!(error.contains("payload format 2.0"), "{error}");
        assert!(!error.contains("4111") && !logged.text().contains("4111"), "{error}");
    }
}
