//! `If-Match`.

use serde_json::json;

use crate::support::{Ask, Shop, UNKNOWN, order, payment};

fn confirm(id: &str, tag: &str) -> Ask {
    Ask::post(&format!("/v1/orders/{id}/confirm"), &json!({})).header("if-match", tag)
}

#[tokio::test]
async fn a_matching_version_is_accepted() {
    for tag in ["\"1\"", "*"] {
        let shop = Shop::new();
        let id = shop.placed("k").await;
        assert_eq!(shop.ask(confirm(&id, tag)).await.status, 200, "{tag}");
    }
}

#[tokio::test]
async fn another_version_is_refused() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    for tag in ["\"2\"", "\"18446744073709551615\""] {
        shop.refuses(confirm(&id, tag), 412, "precondition-failed").await;
    }
    shop.does(&id, "confirm", &json!({})).await;
    shop.refuses(confirm(&id, "\"1\""), 412, "precondition-failed").await;
}

#[tokio::test]
async fn an_invalid_or_weak_tag_is_malformed() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    for tag in [
        "1",
        "\"0\"",
        "\"\"",
        "W/\"1\"",
        "\"1\", \"2\"",
        "\"-1\"",
        "\"+1\"",
        "\"18446744073709551616\"",
        "\"one\"",
        "**",
        "",
    ] {
        shop.refuses(confirm(&id, tag), 400, "malformed-request").await;
    }
    shop.refuses(confirm(&id, "\"1\"").header("if-match", "\"1\""), 400, "malformed-request").await;
    shop.refuses(
        confirm(&id, "*").without("if-match").bytes("if-match", b"\"\xff\""),
        400,
        "malformed-request",
    )
    .await;
}

#[tokio::test]
async fn if_match_fails_on_an_order_that_does_not_exist() {
    let shop = Shop::new();
    for tag in ["*", "\"1\""] {
        shop.refuses(confirm(UNKNOWN, tag), 412, "precondition-failed").await;
        let place = Ask::post("/v1/orders", &order()).header("if-match", tag);
        shop.refuses(place, 412, "precondition-failed").await;
    }
}

#[tokio::test]
async fn if_match_on_a_payment_is_the_version_of_the_payment_stream() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.does(&id, "confirm", &json!({})).await;
    let path = format!("/v1/orders/{id}/payments");
    let pay = |tag: &str| Ask::post(&path, &payment("ch_1")).header("if-match", tag);
    shop.refuses(pay("\"2\""), 412, "precondition-failed").await;
    let declined =
        json!({ "reference": "ch_0", "amount": 1, "currency": "JPY", "outcome": "declined" });
    shop.does(&id, "payments", &declined).await;
    assert_eq!(shop.ask(pay("\"1\"")).await.status, 201);
}
