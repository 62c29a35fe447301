//! `If-Match` and `If-None-Match`.

use serde_json::{Value, json};

use crate::support::{Ask, Shop, UNKNOWN, on_account, order, payment, refund};

fn confirm(id: &str, tag: &str) -> Ask {
    Ask::post(&format!("/v1/orders/{id}/confirm"), &on_account()).header("if-match", tag)
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
    shop.does(&id, "confirm", &on_account()).await;
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
    shop.does(&id, "confirm", &on_account()).await;
    let path = format!("/v1/orders/{id}/payments");
    let pay = |tag: &str| Ask::post(&path, &payment("ch_1")).header("if-match", tag);
    shop.refuses(pay("\"2\""), 412, "precondition-failed").await;
    let declined =
        json!({ "reference": "ch_0", "amount": 1, "currency": "JPY", "outcome": "declined" });
    shop.does(&id, "payments", &declined).await;
    assert_eq!(shop.ask(pay("\"1\"")).await.status, 201);
}

/// One tag stands for one body: see OpenMetadata 30497.
#[tokio::test]
async fn the_tag_of_an_order_changes_with_its_payments() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let path = format!("/v1/orders/{id}");
    let mut tags = Vec::new();
    for (step, body) in [
        ("", Value::Null),
        ("payments", payment("ch_1")),
        ("confirm", json!({})),
        ("refunds", refund("ch_1", "re_1")),
    ] {
        if !step.is_empty() {
            shop.does(&id, step, &body).await;
        }
        let from_store = shop.ask(Ask::get(&path)).await;
        shop.follow().await;
        let from_view = shop.ask(Ask::get(&path)).await;
        assert_eq!(
            from_view.header("etag"),
            shop.ask(Ask::get(&format!("{path}/payments"))).await.header("etag")
        );
        if step.is_empty() {
            assert_eq!(from_store.header("etag"), from_view.header("etag"));
        }
        tags.push(from_view.header("etag").unwrap().to_owned());
    }
    assert_eq!(tags, ["\"1.0\"", "\"1.1\"", "\"2.1\"", "\"2.2\""]);
    let past = shop.ask(Ask::get(&format!("{path}?atVersion=2"))).await;
    assert_eq!(
        past.header("etag"),
        Some("\"2\""),
        "without payments, another body and another tag"
    );
}

#[tokio::test]
async fn a_command_is_refused_when_a_payment_came_since_the_tag() {
    let cancel = |id: &str, tag: &str| {
        let body = json!({ "reason": "never paid" });
        Ask::post(&format!("/v1/orders/{id}/cancel"), &body).header("if-match", tag)
    };
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let unpaid = shop.ask(Ask::get(&format!("/v1/orders/{id}"))).await;
    shop.does(&id, "payments", &payment("ch_1")).await;
    let tag = unpaid.header("etag").unwrap();
    shop.refuses(cancel(&id, tag), 412, "precondition-failed").await;
    shop.refuses(confirm(&id, tag), 412, "precondition-failed").await;
    for tag in ["\"2.1\"", "\"0.1\""] {
        shop.refuses(cancel(&id, tag), 412, "precondition-failed").await;
    }
    assert_eq!(shop.ask(cancel(&id, "\"1.1\"")).await.status, 200);
}

#[tokio::test]
async fn a_repeated_command_gets_its_first_answer_though_its_tag_is_old_s5() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let confirm = || confirm(&id, "\"1.0\"").header("idempotency-key", "once");
    let first = shop.ask(confirm()).await;
    assert_eq!(first.status, 200, "{}", first.text);
    shop.does(&id, "payments", &payment("ch_1")).await;
    let again = shop.ask(confirm()).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
}

#[tokio::test]
async fn both_parts_of_a_tag_hold_on_a_payment() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    for (path, body) in [("payments", payment("ch_1")), ("refunds", refund("ch_1", "re_1"))] {
        let path = format!("/v1/orders/{id}/{path}");
        let now = shop.ask(Ask::get(&format!("/v1/orders/{id}/payments"))).await;
        let tag = now.header("etag").unwrap();
        let send = |tag: &str| Ask::post(&path, &body).header("if-match", tag);
        for old in ["\"1.7\"", "\"7.0\"", "\"7.1\""] {
            shop.refuses(send(old), 412, "precondition-failed").await;
        }
        assert_eq!(shop.ask(send(tag)).await.status, 201);
    }
}

#[tokio::test]
async fn if_none_match_records_only_the_first_payment() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let path = format!("/v1/orders/{id}/payments");
    let first =
        |reference: &str| Ask::post(&path, &payment(reference)).header("if-none-match", "*");
    assert_eq!(shop.ask(first("ch_1")).await.status, 201);
    shop.refuses(first("ch_2"), 412, "precondition-failed").await;
    let both = shop.ask(first("ch_1").header("if-match", "*")).await;
    both.is_problem("both", 412, "precondition-failed");
    let tag = Ask::post(&path, &payment("ch_2")).header("if-none-match", "\"1\"");
    shop.refuses(tag, 400, "malformed-request").await;
}
