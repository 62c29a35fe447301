//! The answers of every command: on success, and when the state forbids it.

use serde_json::{Value, json};

use crate::support::{Ask, Shop, UNKNOWN, on_account, order, parcel, payment};

async fn kinds(shop: &Shop) -> Vec<String> {
    shop.events().into_iter().map(|event| event.event_type).collect()
}

#[tokio::test]
async fn placing_returns_the_orders_location() {
    let shop = Shop::new();
    let ask = Ask::post("/v1/orders", &order()).header("idempotency-key", "checkout-7");
    let answer = shop.ask(ask).await;
    let id = answer.body["orderId"].as_str().unwrap().to_owned();
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body, json!({ "orderId": id, "version": 1, "status": "pending" }));
    assert_eq!(answer.header("location"), Some(&*format!("/v1/orders/{id}")));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.header("idempotency-key"), Some("checkout-7"));
    assert_eq!(answer.header("idempotent-replayed"), None);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(kinds(&shop).await, ["OrderPlaced"]);
    let event = &shop.events()[0];
    assert_eq!(event.payload.read::<Value>().unwrap()["totalAmount"], 3000);
    assert_eq!(
        (&*event.metadata.actor, &*event.metadata.correlation_id),
        ("shop", "BvZ0XgKnliAEJmg=")
    );
}

#[tokio::test]
async fn an_order_can_be_confirmed_shipped_and_delivered() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let steps = [
        ("confirm", on_account(), "confirmed"),
        ("ship", parcel(), "shipped"),
        ("deliver", json!({}), "delivered"),
    ];
    for (version, (command, body, status)) in (2..).zip(steps) {
        let answer = shop.does(&id, command, &body).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, json!({ "orderId": id, "version": version, "status": status }));
        assert_eq!(answer.header("etag"), Some(&*format!("\"{version}\"")));
        assert!(answer.header("idempotency-key").is_some_and(|key| !key.is_empty()));
    }
}

#[tokio::test]
async fn a_pending_and_a_confirmed_order_can_be_cancelled() {
    for confirm_first in [false, true] {
        let shop = Shop::new();
        let id = shop.placed("k").await;
        if confirm_first {
            shop.does(&id, "confirm", &on_account()).await;
        }
        let answer = shop.does(&id, "cancel", &json!({ "reason": "ordered twice" })).await;
        assert_eq!((answer.status, &answer.body["status"]), (200, &json!("cancelled")));
    }
}

#[tokio::test]
async fn confirming_and_delivering_need_no_body() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let bare = |command: &str| Ask::new("POST", &format!("/v1/orders/{id}/{command}"));
    shop.does(&id, "payments", &payment("ch_1")).await;
    assert_eq!(shop.ask(bare("confirm")).await.status, 200);
    shop.does(&id, "ship", &parcel()).await;
    assert_eq!(shop.ask(bare("deliver").header("content-type", "text/plain")).await.status, 200);
}

#[tokio::test]
async fn a_payment_is_received_or_failed() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let declined = json!({ "reference": "ch_0", "amount": 3000, "currency": "JPY", "outcome": "declined", "declineReason": "insufficient funds" });
    for (version, body, status) in [(1, declined, "failed"), (2, payment("ch_1"), "received")] {
        let answer = shop.does(&id, "payments", &body).await;
        assert_eq!(answer.status, 201);
        let expected = json!({ "paymentId": answer.body["paymentId"], "orderId": id, "version": version, "status": status });
        assert_eq!(answer.body, expected);
        assert_eq!(answer.header("etag"), Some(&*format!("\"{version}\"")));
    }
    assert_eq!(kinds(&shop).await, ["OrderPlaced", "PaymentFailed", "PaymentReceived"]);
}

#[tokio::test]
async fn the_same_reference_twice_is_the_same_payment_s9() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let first = shop.does(&id, "payments", &payment("ch_1")).await;
    let again = shop.does(&id, "payments", &payment("ch_1")).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(kinds(&shop).await, ["OrderPlaced", "PaymentReceived"]);
    let other =
        json!({ "reference": "ch_1", "amount": 2000, "currency": "JPY", "outcome": "captured" });
    shop.refuses(Ask::post(&format!("/v1/orders/{id}/payments"), &other), 409, "reference-reused")
        .await;
}

#[tokio::test]
async fn a_repeated_payment_gets_its_first_answer_again_under_any_key_s5() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let declined = |reference: &str, key: &str| {
        let mut body = payment(reference);
        body["outcome"] = json!("declined");
        Ask::post(&format!("/v1/orders/{id}/payments"), &body).header("idempotency-key", key)
    };
    let first = shop.ask(declined("ch_1", "a")).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, None));
    for (number, other) in ["ch_2", "ch_3"].into_iter().enumerate() {
        for key in ["a", "b", "c"] {
            let again = shop.ask(declined("ch_1", key)).await;
            assert_eq!((again.status, &again.body), (201, &first.body), "{key}");
            assert_eq!(again.header("etag"), Some("\"1\""), "{key}");
            assert_eq!(again.header("idempotent-replayed"), Some("true"), "{key}");
        }
        let next = shop.ask(declined(other, other)).await;
        assert_eq!(next.body["version"], number + 2);
    }
}

#[tokio::test]
async fn a_command_that_the_state_forbids_writes_nothing_s4() {
    let cancel = json!({ "reason": "late" });
    let forbidden: [(&[&str], &str, Value, &str); 10] = [
        (&[], "confirm", json!({}), "not-paid"),
        (&[], "confirm", json!({ "onAccount": false }), "not-paid"),
        (&[], "ship", parcel(), "not-confirmed"),
        (&[], "deliver", json!({}), "not-shipped"),
        (&["confirm"], "confirm", json!({}), "already-confirmed"),
        (&["confirm"], "deliver", json!({}), "not-shipped"),
        (&["confirm", "ship"], "cancel", cancel.clone(), "already-shipped"),
        (&["confirm", "ship"], "ship", parcel(), "already-shipped"),
        (&["confirm", "ship", "deliver"], "deliver", json!({}), "already-delivered"),
        (&["cancel"], "confirm", json!({}), "already-cancelled"),
    ];
    for (before, command, body, code) in forbidden {
        let shop = Shop::new();
        let id = shop.placed("k").await;
        for step in before {
            let body = match *step {
                "ship" => parcel(),
                "cancel" => cancel.clone(),
                "confirm" => on_account(),
                _ => json!({}),
            };
            shop.does(&id, step, &body).await;
        }
        let ask = Ask::post(&format!("/v1/orders/{id}/{command}"), &body);
        shop.refuses(ask, 409, code).await;
    }
}

#[tokio::test]
async fn a_command_to_an_unknown_order_is_not_found() {
    let shop = Shop::new();
    let bodies = [
        ("confirm", on_account()),
        ("ship", parcel()),
        ("deliver", json!({})),
        ("cancel", json!({ "reason": "x" })),
        ("payments", payment("ch_1")),
    ];
    for (command, body) in bodies {
        let ask = Ask::post(&format!("/v1/orders/{UNKNOWN}/{command}"), &body);
        shop.refuses(ask, 404, "not-found").await;
    }
}

#[tokio::test]
async fn formulas_markup_and_look_alikes_are_stored_as_text() {
    let shop = Shop::new();
    for (place, reason) in
        ["=1+1", "<script>alert(1)</script>", "配達が遅い 🚚", "\"}{\"level\":\"error\""]
            .iter()
            .enumerate()
    {
        let id = shop.placed(&format!("k{place}")).await;
        shop.does(&id, "cancel", &json!({ "reason": reason })).await;
        let cancelled =
            shop.events().into_iter().find(|it| it.version.get() == 2 && it.aggregate_id == id);
        let payload: Value = cancelled.unwrap().payload.read().unwrap();
        assert_eq!(payload["reason"], *reason);
    }
}

#[tokio::test]
async fn only_a_well_formed_trace_is_recorded() {
    let shop = Shop::new();
    let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for trace in ["garbage", &good.to_uppercase(), "00-x-y-z", good] {
        shop.ask(
            Ask::post("/v1/orders", &order())
                .header("traceparent", trace)
                .header("x-tenant", "evil"),
        )
        .await;
    }
    let mut traces: Vec<_> =
        shop.events().into_iter().map(|event| event.metadata.traceparent).collect();
    traces.sort();
    assert_eq!(traces, [None, None, None, Some(good.to_owned())]);
}
