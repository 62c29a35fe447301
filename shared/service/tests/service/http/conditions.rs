//! `If-Match`.

use serde_json::json;

use crate::support::{Ask, UNKNOWN, World, order, payment};

fn confirm(id: &str, tag: &str) -> Ask {
    Ask::post(&format!("/v1/orders/{id}/confirm"), &json!({})).header("if-match", tag)
}

#[tokio::test]
async fn a_version_that_holds_lets_the_command_through() {
    for tag in ["\"1\"", "*"] {
        let world = World::new();
        let id = world.placed("k").await;
        assert_eq!(world.ask(confirm(&id, tag)).await.status, 200, "{tag}");
    }
}

#[tokio::test]
async fn a_version_that_does_not_hold_is_refused() {
    let world = World::new();
    let id = world.placed("k").await;
    for tag in ["\"2\"", "\"18446744073709551615\""] {
        world.refuses(confirm(&id, tag), 412, "precondition-failed").await;
    }
    world.does(&id, "confirm", &json!({})).await;
    world.refuses(confirm(&id, "\"1\""), 412, "precondition-failed").await;
}

#[tokio::test]
async fn a_tag_that_is_none_of_ours_is_malformed() {
    let world = World::new();
    let id = world.placed("k").await;
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
        world.refuses(confirm(&id, tag), 400, "malformed-request").await;
    }
    world
        .refuses(confirm(&id, "\"1\"").header("if-match", "\"1\""), 400, "malformed-request")
        .await;
    world
        .refuses(
            confirm(&id, "*").without("if-match").bytes("if-match", b"\"\xff\""),
            400,
            "malformed-request",
        )
        .await;
}

#[tokio::test]
async fn nothing_can_be_expected_of_what_does_not_exist() {
    let world = World::new();
    for tag in ["*", "\"1\""] {
        world.refuses(confirm(UNKNOWN, tag), 412, "precondition-failed").await;
        let place = Ask::post("/v1/orders", &order()).header("if-match", tag);
        world.refuses(place, 412, "precondition-failed").await;
    }
}

#[tokio::test]
async fn a_payment_expects_the_version_of_the_payment_stream() {
    let world = World::new();
    let id = world.placed("k").await;
    world.does(&id, "confirm", &json!({})).await;
    let path = format!("/v1/orders/{id}/payments");
    let pay = |tag: &str| Ask::post(&path, &payment("ch_1")).header("if-match", tag);
    world.refuses(pay("\"2\""), 412, "precondition-failed").await;
    let declined =
        json!({ "reference": "ch_0", "amount": 1, "currency": "JPY", "outcome": "declined" });
    world.does(&id, "payments", &declined).await;
    assert_eq!(world.ask(pay("\"1\"")).await.status, 201);
}
