//! Hostile paths, queries and bodies in events of API Gateway. The numbers are the rows of tests/BAD_INPUTS.md;
//! `shared/service` tests the decisions of the router.

use dekigoto_lambda::http::AuthMode;
use http::Response;
use serde_json::{Value, json};

use crate::support::{Functions, ORDER, sample};

/// A request from a trusted service.
pub(crate) fn asks(method: &str, path: &str, query: &str) -> Value {
    let mut event = sample("api-get-order.json");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    event["requestContext"]["http"]["path"] = json!(path);
    event["rawQueryString"] = json!(query);
    event["queryStringParameters"] = Value::Null;
    event
}

/// Sends a request that must get the documented error and write nothing.
pub(crate) async fn refuses(event: &Value, status: u16, code: &str) -> Response<String> {
    let world = Functions::default();
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
    let world = Functions::default();
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
async fn row_14_invalid_base64_of_an_optional_body_is_malformed() {
    let world = Functions::default();
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
    let (status, body) = world.api(AuthMode::Iam, &event).await;
    assert_eq!(
        (status, &body["code"]),
        (409, &json!("not-paid")),
        "no body is a body without fields"
    );
}

#[tokio::test]
async fn row_14_base64_of_bytes_that_are_not_text_is_malformed() {
    let mut event = sample("api-place-order-base64.json");
    event["body"] = json!("/w=="); // One byte, 0xff.
    refuses(&event, 400, "malformed-request").await;
}

#[tokio::test]
async fn row_18_a_hostile_id_never_reaches_a_store_key() {
    let long = "a".repeat(1024);
    // Escaped (as from function URLs and some emulators), and unescaped, as from an HTTP API.
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
async fn row_23_an_unknown_method_gets_405_and_an_unknown_path_404() {
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
async fn an_event_with_an_invalid_method_path_or_header_is_malformed() {
    let [mut header, mut value] = [(); 2].map(|()| sample("api-get-order.json"));
    header["headers"]["a b"] = json!("c");
    value["headers"]["a"] = json!("b\nc");
    for event in [header, value, asks("A B", "/v1/orders", "")] {
        let body = refuses(&event, 400, "malformed-request").await.into_body();
        let whole = concat!(
            r#"{"type":"urn:dekigoto:problem:malformed-request","title":"The request is malformed","status":400,"#,
            r#""detail":"The method, the path or a header of the request is not valid in HTTP.","#,
            r#""code":"malformed-request","instance":"BvZ0XgKnliAEJmg="}"#,
        );
        assert_eq!(body, whole, "{event}");
    }
}

#[tokio::test]
async fn row_23_head_answers_like_get_without_a_body() {
    let world = Functions::default();
    let head = world.api_response(AuthMode::Iam, &asks("HEAD", "/v1/health", "")).await;
    assert_eq!((head.status().as_u16(), &**head.body()), (200, ""));
}

#[tokio::test]
async fn queries_reach_the_router_unchanged() {
    let world = Functions::with_history();
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
