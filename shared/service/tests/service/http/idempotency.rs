//! S5: a command key has one effect, however often the command is sent.

use std::{collections::BTreeSet, sync::Arc};

use dekigoto::{Fingerprint, Host as _};
use dekigoto_testkit::{Fault, UnreliableStore};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{
    Answer, Ask, Shop, basket, customer, on_account, order, parcel, payment, refund, staff,
};

fn place(key: &str) -> Ask {
    Ask::post("/v1/orders", &order()).header("idempotency-key", key)
}

/// Lets time pass before a request is repeated: within one millisecond it would have the same bytes.
async fn later(shop: &Shop) {
    shop.host.sleep(std::time::Duration::from_millis(1)).await;
}

/// Checks for the first answer again: everything is the same, except for the header that marks it.
#[track_caller]
fn is_replay(first: &Answer, again: &Answer) {
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    for header in ["etag", "location", "idempotency-key"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn a_repeated_command_gets_its_first_answer_again_s5() {
    let shop = Shop::new();
    let id = shop.placed("place").await;
    let mut first = Vec::new();
    let commands = [
        ("payments", payment("ch_1")),
        ("confirm", on_account()),
        ("ship", parcel()),
        ("deliver", json!({})),
    ];
    let ask = |command: &str, body| {
        Ask::post(&format!("/v1/orders/{id}/{command}"), body).header("idempotency-key", command)
    };
    for (command, body) in &commands {
        first.push(shop.ask(ask(command, body)).await);
    }
    let before = shop.dump();
    shop.host.sleep(std::time::Duration::from_secs(3600)).await;
    for ((command, body), first) in commands.iter().zip(&first) {
        is_replay(first, &shop.ask(ask(command, body)).await);
    }
    let again = shop.ask(place("place")).await;
    assert_eq!(again.body, json!({ "orderId": id, "version": 1, "status": "pending" }));
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(again.header("location"), Some(&*format!("/v1/orders/{id}")));
    assert_eq!(shop.dump(), before);
}

#[tokio::test]
async fn another_spelling_of_the_same_body_is_the_same_request_s5() {
    let shop = Shop::new();
    let first = shop.ask(place("k")).await;
    later(&shop).await;
    let spelled = r#"{ "items":[{"unitAmount":1500,"quantity":2,"productId":"p-1"}], "currency":"JPY","customerId":"\u0063-42"}"#;
    is_replay(
        &first,
        &shop.ask(Ask::raw("/v1/orders", spelled).header("idempotency-key", "k")).await,
    );
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused_s5() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let mut other = order();
    other["items"][0]["quantity"] = json!(3);
    let ask = Ask::post("/v1/orders", &other).header("idempotency-key", "k");
    shop.refuses(ask, 422, "key-reused").await;
    // The key that placed the order, for another command on it.
    let confirm = Ask::post(&format!("/v1/orders/{id}/confirm"), &on_account())
        .header("idempotency-key", "k");
    shop.refuses(confirm, 422, "key-reused").await;
    shop.does(&id, "confirm", &on_account()).await;
    let cancel = |reason: &str| {
        Ask::post(&format!("/v1/orders/{id}/cancel"), &json!({ "reason": reason }))
            .header("idempotency-key", "c")
    };
    assert_eq!(shop.ask(cancel("one")).await.status, 200);
    shop.refuses(cancel("two"), 422, "key-reused").await;
}

#[tokio::test]
async fn the_same_key_from_two_callers_is_two_commands_s5() {
    let shop = Shop::new().priced().await;
    let mut body = basket();
    let mut ids = Vec::new();
    for caller in [customer("c-1"), customer("c-2"), staff()] {
        body["customerId"] = json!("c-1");
        if caller.actor() == "c-2" {
            body["customerId"] = json!("c-2");
        }
        let answer = shop
            .ask(Ask::post("/v1/orders", &body).header("idempotency-key", "k").by(caller))
            .await;
        assert_eq!((answer.status, answer.header("idempotent-replayed")), (201, None));
        ids.push(answer.body["orderId"].to_string());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

/// A key belongs to a caller and a stream.
#[tokio::test]
async fn a_key_is_another_one_on_another_stream_and_used_up_on_its_own_s5() {
    let shop = Shop::new();
    let (one, other) = (shop.placed("k").await, shop.placed("k2").await);
    let send = |id: &str, command: &str, body: serde_json::Value| {
        Ask::post(&format!("/v1/orders/{id}/{command}"), &body).header("idempotency-key", "k")
    };
    // The payments of an order are a stream beside it.
    let paid = shop.ask(send(&one, "payments", payment("ch_1"))).await;
    let confirmed = shop.ask(send(&other, "confirm", on_account())).await;
    for answer in [paid, confirmed] {
        assert!(answer.status < 300, "{}", answer.text);
        assert_eq!(answer.header("idempotent-replayed"), None);
    }
    shop.refuses(send(&one, "confirm", on_account()), 422, "key-reused").await;
}

/// A refusal is not remembered: the same bytes, sent again after the state has changed, are decided again.
#[tokio::test]
async fn a_refused_request_that_comes_again_is_decided_again_and_takes_effect_once_s4() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let ship = || {
        let ship = Ask::post(&format!("/v1/orders/{id}/ship"), &parcel());
        ship.header("idempotency-key", "ship-1")
    };
    assert_eq!(shop.ask(ship()).await.status, 409);
    shop.does(&id, "confirm", &on_account()).await;
    let late = shop.ask(ship()).await;
    assert_eq!((late.status, late.header("idempotent-replayed")), (200, None));
    later(&shop).await;
    is_replay(&late, &shop.ask(ship()).await);
}

#[tokio::test]
async fn requests_without_a_key_are_separate_commands_s5() {
    let shop = Shop::new();
    let first = shop.ask(Ask::post("/v1/orders", &order())).await;
    let other = shop.ask(Ask::post("/v1/orders", &order())).await;
    assert_ne!(first.body["orderId"], other.body["orderId"]);
    later(&shop).await;
    // The key that the service made works like any other.
    let made = first.header("idempotency-key").unwrap().to_owned();
    is_replay(&first, &shop.ask(place(&made)).await);
}

#[tokio::test]
async fn fifty_identical_concurrent_requests_make_one_commit_s5() {
    let shop = Shop::on_store(|store| {
        // The store loses replies of some of the requests.
        let faults = [Fault::LosesReply, Fault::LosesRequest, Fault::Throttles, Fault::LosesReply];
        Arc::new(UnreliableStore::new(Arc::new(store), faults))
    });
    let answers = join_all((0..50).map(|_| shop.ask(place("k")))).await;
    assert_eq!(shop.store.dump().len(), 1);
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (201, &answers[0].body), "{}", answer.text);
    }
    let id = answers[0].body["orderId"].as_str().unwrap().to_owned();
    let confirm = || {
        Ask::post(&format!("/v1/orders/{id}/confirm"), &on_account()).header("idempotency-key", "c")
    };
    let answers = join_all((0..50).map(|_| shop.ask(confirm()))).await;
    assert_eq!(shop.store.dump().len(), 2);
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body["version"] == 2));
}

#[tokio::test]
async fn a_client_that_lost_the_reply_gets_its_order_on_retry_s3() {
    let shop = Shop::on_store(|store| {
        Arc::new(UnreliableStore::new(Arc::new(store), [Fault::LosesReply; 4]))
    });
    let lost = shop.ask(place("k")).await;
    lost.is_problem("lost", 503, "unavailable");
    assert_eq!(shop.store.dump().len(), 1, "the order is stored, although the reply was lost");
    let again = shop.ask(place("k")).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(shop.store.dump().len(), 1);
}

#[tokio::test]
async fn a_refused_command_does_not_use_up_its_key_s4() {
    let shop = Shop::new();
    let mut bad = order();
    bad["items"] = json!([]);
    shop.refuses(
        Ask::post("/v1/orders", &bad).header("idempotency-key", "k"),
        422,
        "invalid-order",
    )
    .await;
    assert_eq!(shop.ask(place("k")).await.status, 201);
}

#[tokio::test]
async fn a_key_is_visible_ascii_of_up_to_255_characters() {
    let shop = Shop::new();
    for key in ["", "a b", &"k".repeat(256), &"k".repeat(1024)] {
        shop.refuses(place(key), 400, "malformed-request").await;
    }
    for key in [&b"caf\xc3\xa9"[..], b"\xff", b"a\tb"] {
        let ask = Ask::post("/v1/orders", &order()).bytes("idempotency-key", key);
        shop.refuses(ask, 400, "malformed-request").await;
    }
    shop.refuses(place("a").header("idempotency-key", "b"), 400, "malformed-request").await;
    let longest = "k".repeat(255);
    assert_eq!(shop.ask(place(&longest)).await.header("idempotency-key"), Some(&*longest));
}

/// A request that older code recorded must be recognised when it is repeated.
#[tokio::test]
async fn fingerprints_of_stored_requests_never_change_s5() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.does(&id, "payments", &payment("ch_1")).await;
    shop.does(&id, "confirm", &json!({})).await;
    shop.does(&id, "ship", &parcel()).await;
    shop.does(&id, "deliver", &json!({})).await;
    shop.does(&id, "refunds", &refund("ch_1", "re_1")).await;
    let cancelled = shop.placed("other").await;
    shop.does(&cancelled, "cancel", &json!({ "reason": "ordered twice" })).await;
    let declined = json!({ "reference": "ch_2", "amount": 1, "currency": "JPY", "outcome": "declined",
        "declineReason": "no money" });
    shop.does(&cancelled, "payments", &declined).await;
    let order = r#"{"customerId":"c-42","currency":"JPY","items":[{"productId":"p-1","quantity":2,"unitAmount":1500}]}"#;
    let paid = r#"{"reference":"ch_1","amount":3000,"currency":"JPY","outcome":"captured"}"#;
    let refunded = r#"{"reference":"ch_1","refundReference":"re_1","amount":3000,"outcome":"refunded","reason":"damaged"}"#;
    let shipped = r#"{"carrier":"DHL","trackingNumber":"00340434"}"#;
    let refused = r#"{"reference":"ch_2","amount":1,"currency":"JPY","outcome":"declined","declineReason":"no money"}"#;
    let requests: Vec<Vec<&str>> = vec![
        vec!["place", order],
        vec!["confirm", &id, "{}"],
        vec!["ship", &id, shipped],
        vec!["deliver", &id, "{}"],
        vec!["pay", &id, paid],
        vec!["refund", &id, refunded],
        vec!["cancel", &cancelled, r#"{"reason":"ordered twice"}"#],
        vec!["pay", &cancelled, refused],
    ];
    let stored: BTreeSet<Fingerprint> =
        shop.commits().iter().map(|commit| commit.fingerprint().clone()).collect();
    let expected = requests.iter().map(|parts| Fingerprint::of(parts)).collect();
    assert_eq!(stored, expected);
    // The digest itself is pinned, too.
    assert_eq!(Fingerprint::of(&["place", order]).as_str(), "giyCH2il3WcvmE6t");
}
