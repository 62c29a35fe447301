//! The operator's console of the one-process system.

// Helpers outside `#[test]` functions are test code too, but clippy.toml does not exempt them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use dekigoto_local::{Buses, Stores};
use local::{AuthMode, Settings, app};
use serde_json::{Value, json};
use tower::ServiceExt as _;

const HOST: &str = "127.0.0.1:3000";

fn served(mode: AuthMode, stores: Stores) -> Router {
    app(mode, "http://127.0.0.1:3000", stores, &Buses::Memory, Settings::default())
}

async fn sent(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn page(router: &Router) -> (StatusCode, String) {
    let request = Request::get("/console").header(header::HOST, HOST).body(Body::empty());
    sent(router, request.unwrap()).await
}

/// Runs a command through the console; returns its JSON, or its failure as text.
async fn run(router: &Router, words: &[&str]) -> Result<Value, String> {
    let (_, page) = page(router).await;
    let token = page.split("name=\"token\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    let request = Request::post("/console/run")
        .header(header::HOST, HOST)
        .header(header::CONTENT_TYPE, "application/json")
        .header("dekigoto-console", token)
        .body(Body::from(json!({ "words": words }).to_string()));
    let (status, text) = sent(router, request.unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    match last["failed"]["text"].as_str() {
        Some(failed) => Err(failed.to_owned()),
        None => Ok(last["done"]["json"].clone()),
    }
}

async fn place_order(router: &Router) -> String {
    let body = json!({
        "customerId": "c-42", "currency": "JPY", "items": [{ "productId": "p-1", "quantity": 2, "unitAmount": 1500 }],
    });
    let request = Request::post("/v1/orders")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    let (status, text) = sent(router, request.unwrap()).await;
    assert_eq!(status, StatusCode::CREATED, "{text}");
    let order: Value = serde_json::from_str(&text).unwrap();
    order["orderId"].as_str().unwrap().to_owned()
}

/// Waits until every view has every event of this order.
async fn followed(router: &Router, order: &str) -> Value {
    for _ in 0..500 {
        let story = run(router, &["trace", order]).await.unwrap();
        if story["needsAttention"] == false {
            return story;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("a view does not get the events");
}

#[tokio::test]
async fn the_console_follows_an_order_to_every_view() {
    let router = served(AuthMode::None, Stores::in_memory());
    let order = place_order(&router).await;
    let story = followed(&router, &order).await;
    assert_eq!(story["events"][0]["event"], "OrderPlaced");
    let status = run(&router, &["status"]).await.unwrap();
    assert_eq!(
        (&status["needsAttention"], &status["hops"][0]["waiting"]),
        (&json!(false), &json!(0))
    );
    let rows = run(&router, &["rows", &order, "--payloads"]).await.unwrap();
    let row =
        rows["rows"].as_array().unwrap().iter().find(|it| it["view"] == "order-summary").unwrap();
    assert_eq!(
        (&row["watermarks"]["Order"], &row["row"]["order"]["status"]),
        (&json!(1), &json!("pending"))
    );
    let due = run(&router, &["deadlines"]).await.unwrap();
    assert_eq!(due["due"][0]["process"], order);
    assert_eq!(run(&router, &["doctor"]).await.unwrap()["findings"], json!([]));
    assert!(run(&router, &["cost"]).await.unwrap_err().contains("--stack"));
}

#[tokio::test]
async fn a_dead_letter_names_its_view_and_goes_back_to_it_l5() {
    let stores = Stores::in_memory();
    let parking = stores.parking.clone();
    let router = served(AuthMode::None, stores);
    let order = place_order(&router).await;
    followed(&router, &order).await;
    let (_, stored) =
        sent(&router, Request::get("/local/messages").body(Body::empty()).unwrap()).await;
    let messages: Vec<Value> = serde_json::from_str(&stored).unwrap();
    let body = messages.iter().find(|it| it["from"] == "topic").unwrap()["body"].as_str().unwrap();
    parking.park(body, "order-summary: too new for this code").await.unwrap();
    parking.park("no event", "daily-sales: no JSON").await.unwrap();
    parking.park("no pointer", "publisher: no JSON").await.unwrap();

    let dead = run(&router, &["dlq", "list"]).await.unwrap();
    let group = |place: usize, name: &str| dead["groups"][place][name].as_str().unwrap().to_owned();
    assert_eq!(dead["letters"], 3);
    assert_eq!(
        (group(1, "queue"), group(1, "reason")),
        ("order-summary".into(), "too new for this code".into())
    );
    assert_eq!((group(2, "queue"), group(2, "reason")), ("publisher".into(), "no JSON".into()));

    run(&router, &["dlq", "redrive", "--reason", "too new"]).await.unwrap();
    assert_eq!(run(&router, &["dlq", "list"]).await.unwrap()["letters"], 3, "nobody agreed");
    let agreed = ["dlq", "redrive", "--reason", "too new", "--yes", "--why", "deployed"];
    assert_eq!(run(&router, &agreed).await.unwrap()["sent"], 1);
    assert_eq!(run(&router, &["dlq", "list"]).await.unwrap()["letters"], 2);
    let discard = ["dlq", "discard", "--queue", "daily-sales", "--yes", "--why", "a test"];
    run(&router, &discard).await.unwrap();
    assert_eq!(run(&router, &["dlq", "list"]).await.unwrap()["letters"], 1);
    let journal = run(&router, &["journal"]).await.unwrap();
    assert_eq!(journal["changes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_pause_of_the_publisher_holds_every_message_and_loses_none_l1() {
    let router = served(AuthMode::None, Stores::in_memory());
    run(&router, &["pause", "publisher", "--yes", "--why", "a test"]).await.unwrap();
    let order = place_order(&router).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let status = run(&router, &["status"]).await.unwrap();
    assert_eq!(
        (&status["hops"][0]["waiting"], &status["needsAttention"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(run(&router, &["trace", &order]).await.unwrap()["needsAttention"], true);
    run(&router, &["resume", "publisher", "--yes", "--why", "a test"]).await.unwrap();
    followed(&router, &order).await;
    let refused = run(&router, &["pause", "daily-sales", "--yes", "--why", "x"]).await.unwrap_err();
    assert!(refused.contains("pause or resume publisher"), "{refused}");
}

#[tokio::test]
async fn an_operator_publishes_a_time_window_again_and_no_view_changes_s8() {
    let router = served(AuthMode::None, Stores::in_memory());
    let order = place_order(&router).await;
    followed(&router, &order).await;
    let window = ["republish", "--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"];
    let agreed = [&window[..], &["--yes", "--why", "a test"]].concat();
    run(&router, &agreed).await.unwrap();
    followed(&router, &order).await;
    assert_eq!(
        run(&router, &["verify", "daily-sales", "--all"]).await.unwrap()["needsAttention"],
        false
    );
}

#[cfg(feature = "jwt")]
#[tokio::test]
async fn with_tokens_nobody_gets_the_console() {
    let router = served(AuthMode::Jwt, Stores::in_memory());
    assert_eq!(page(&router).await.0, StatusCode::NOT_FOUND);
}
