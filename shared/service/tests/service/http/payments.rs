//! S10: what the provider did is recorded, wanted or not, and can be read back.

use dekigoto::{Commit, EventStore as _, Message, Payload, StoredCommit, memory::MemoryParking};
use serde_json::{Value, json};

use crate::support::{Ask, ORDER_SUMMARY, Shop, delivered, payment, plenty, refund};

fn paid(reference: &str, amount: u64, outcome: &str) -> Value {
    json!({ "reference": reference, "amount": amount, "currency": "JPY", "outcome": outcome })
}

/// Captured, refunded and surplus amount of the order, as `GET …/payments` shows them.
async fn sums(shop: &Shop, id: &str) -> [u64; 3] {
    let answer = shop.ask(Ask::get(&format!("/v1/orders/{id}/payments"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    ["capturedAmount", "refundedAmount", "surplusAmount"]
        .map(|field| answer.body[field].as_u64().unwrap())
}

#[tokio::test]
async fn everything_that_the_provider_captured_is_recorded_and_its_surplus_shown_s10() {
    let stories: [(&str, Vec<Value>, [u64; 3]); 5] = [
        (
            "declined and then captured under one reference",
            vec![paid("pi_1", 3000, "declined"), paid("pi_1", 3000, "captured")],
            [3000, 0, 0],
        ),
        ("captured twice", vec![payment("ch_1"), payment("ch_2")], [6000, 0, 3000]),
        (
            "captured too much, after it lacked 1",
            vec![paid("ch_1", 2999, "captured"), paid("ch_2", 9_000_000_000_000_000, "captured")],
            [9_000_000_000_002_999, 0, 8_999_999_999_999_999],
        ),
        (
            "captured in parts",
            vec![paid("ch_1", 1, "captured"), paid("ch_2", 2, "captured")],
            [3, 0, 0],
        ),
        ("declined", vec![paid("ch_1", 3000, "declined")], [0, 0, 0]),
    ];
    for (story, payments, expected) in stories {
        let shop = Shop::new();
        let id = shop.placed("k").await;
        for body in payments {
            shop.does(&id, "payments", &body).await;
        }
        assert_eq!(sums(&shop, &id).await, expected, "{story}");
        shop.follow().await;
        let order = shop.ask(Ask::get(&format!("/v1/orders/{id}"))).await;
        assert_eq!(order.body["paidAmount"], expected[0] - expected[1], "{story}");
    }
}

#[tokio::test]
async fn a_capture_in_another_currency_is_recorded_and_shown_and_pays_nothing_s10() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let mut euros = paid("ch_1", 3000, "captured");
    euros["currency"] = json!("EUR");
    shop.does(&id, "payments", &euros).await;
    assert_eq!(sums(&shop, &id).await, [0, 0, 0]);
    let path = format!("/v1/orders/{id}/payments");
    let payments = shop.ask(Ask::get(&path)).await;
    let expected = json!([
        { "currency": "EUR", "capturedAmount": 3000, "refundedAmount": 0, "surplusAmount": 3000 }
    ]);
    assert_eq!(payments.body["otherCurrencies"], expected);
    assert_eq!(payments.body["items"][0]["currency"], "EUR");
    let confirm = Ask::post(&format!("/v1/orders/{id}/confirm"), &json!({}));
    shop.refuses(confirm, 409, "not-paid").await;
    shop.follow().await;
    let order = shop.ask(Ask::get(&format!("/v1/orders/{id}"))).await;
    assert_eq!((&order.body["paidAmount"], &order.body["currency"]), (&json!(0), &json!("JPY")));

    shop.does(&id, "refunds", &refund("ch_1", "re_1")).await;
    let payments = shop.ask(Ask::get(&path)).await;
    assert_eq!(payments.body["otherCurrencies"][0]["surplusAmount"], 0);
}

#[tokio::test]
async fn everything_is_surplus_once_the_order_is_cancelled_s10() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.does(&id, "cancel", &json!({ "reason": "ordered twice" })).await;
    shop.does(&id, "payments", &payment("ch_1")).await;
    assert_eq!(sums(&shop, &id).await, [3000, 0, 3000]);
    shop.does(&id, "refunds", &refund("ch_1", "re_1")).await;
    assert_eq!(sums(&shop, &id).await, [3000, 3000, 0]);
    shop.follow().await;
    let order = shop.ask(Ask::get(&format!("/v1/orders/{id}"))).await;
    assert_eq!(order.body["paidAmount"], 0, "net of refunds");
}

#[tokio::test]
async fn refunds_never_exceed_what_was_captured_s10() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.does(&id, "payments", &payment("ch_1")).await;
    let part = |reference: &str, amount: u64| {
        let mut body = refund("ch_1", reference);
        body["amount"] = json!(amount);
        body
    };
    shop.does(&id, "refunds", &part("re_1", 1000)).await;
    shop.does(&id, "refunds", &part("re_2", 1500)).await;
    let path = format!("/v1/orders/{id}/refunds");
    shop.refuses(Ask::post(&path, &part("re_3", 501)), 409, "refund-too-large").await;
    shop.refuses(Ask::post(&path, &part("re_1", 500)), 409, "refund-reference-reused").await;
    assert_eq!(sums(&shop, &id).await, [3000, 2500, 0]);
    let payments = shop.ask(Ask::get(&format!("/v1/orders/{id}/payments"))).await;
    let expected = json!([
        { "refundReference": "re_1", "status": "refunded", "amount": 1000 },
        { "refundReference": "re_2", "status": "refunded", "amount": 1500 },
    ]);
    assert_eq!(payments.body["items"][0]["refunds"], expected);
}

/// The service remembers a key for the newest 32 commits. A provider may repeat itself days later.
#[tokio::test]
async fn a_refund_is_recognised_by_its_reference_after_its_key_was_forgotten_s10() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.does(&id, "payments", &payment("ch_1")).await;
    let refund = || {
        let path = format!("/v1/orders/{id}/refunds");
        Ask::post(&path, &refund("ch_1", "re_1")).header("idempotency-key", "the-refund")
    };
    let first = shop.ask(refund()).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, None));
    // 39 declines: more commits than two snapshots remember keys of.
    for number in 0..39 {
        shop.does(&id, "payments", &paid(&format!("late-{number}"), 1, "declined")).await;
    }
    let mut more = 0;
    while more < 30 {
        shop.does(&id, "payments", &paid(&format!("late-{more}"), 1, "captured")).await;
        more += 1;
    }
    let commits = shop.commits().len();
    let again = shop.ask(refund()).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(shop.commits().len(), commits, "nothing was written");
}

#[tokio::test]
async fn confirming_and_shipping_need_the_full_payment_s10() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let confirm = || Ask::post(&format!("/v1/orders/{id}/confirm"), &json!({}));
    let ship = || Ask::post(&format!("/v1/orders/{id}/ship"), &crate::support::parcel());
    shop.does(&id, "payments", &paid("ch_1", 2999, "captured")).await;
    shop.refuses(confirm(), 409, "not-paid").await;
    shop.does(&id, "payments", &paid("ch_2", 1, "captured")).await;
    assert_eq!(shop.ask(confirm()).await.status, 200);
    let mut part = refund("ch_1", "re_1");
    part["amount"] = json!(1);
    shop.does(&id, "refunds", &part).await;
    shop.refuses(ship(), 409, "not-paid").await;
    shop.does(&id, "payments", &paid("ch_3", 1, "captured")).await;
    assert_eq!(shop.ask(ship()).await.status, 200);
}

/// Payments that older code stored, before their number had a limit.
async fn store_payments(shop: &Shop, id: &str, count: u64) {
    shop.does(id, "payments", &paid("ch_0001", 1, "captured")).await;
    let is_first = |it: &StoredCommit| it.pk == format!("Payment#{id}");
    let first = shop.store.dump().into_iter().find(is_first).unwrap();
    for number in 2..=count {
        let mut events: Value = serde_json::from_str(&first.ev).unwrap();
        let numbered = |uuid: &Value| {
            let uuid = uuid.as_str().unwrap();
            json!(format!("{}{number:04}", &uuid[..uuid.len() - 4]))
        };
        events[0]["i"] = numbered(&events[0]["i"]);
        events[0]["p"]["paymentId"] = numbered(&events[0]["p"]["paymentId"]);
        events[0]["p"]["reference"] = json!(format!("ch_{number:04}"));
        let ev = Payload::of(&events).unwrap().as_str().to_owned();
        let key = format!("key-{number}");
        let stored = StoredCommit { sk: number, v: number, ev, key, ..first.clone() };
        shop.store.append(&Commit::try_from(stored).unwrap()).await.unwrap();
    }
}

/// `ask` holds each answer to the contract.
#[tokio::test]
async fn an_order_with_60_payments_of_before_the_limit_is_read_as_the_contract_says() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    store_payments(&shop, &id, 60).await;
    let path = format!("/v1/orders/{id}/payments");
    let list = shop.ask(Ask::get(&path)).await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 60);
    let more = Ask::post(&path, &paid("ch_0061", 1, "captured"));
    shop.refuses(more, 409, "too-many-payments").await;
}

#[tokio::test]
async fn an_order_with_1001_payments_is_nowhere_cut_s10() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    store_payments(&shop, &id, 1001).await;

    let list = shop.ask(Ask::get(&format!("/v1/orders/{id}/payments"))).await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1001);
    assert_eq!((&list.body["capturedAmount"], &list.body["version"]), (&json!(1001), &json!(1001)));

    // From the store, because no view has seen anything.
    let path = format!("/v1/orders/{id}?minPaymentVersion=1001");
    let order = shop.ask(Ask::get(&path)).await;
    assert_eq!((order.status, &order.body["paidAmount"]), (200, &json!(1001)));

    // The message of the newest payment only: all others were lost.
    let events = shop.events();
    let newest = events.iter().rfind(|event| event.aggregate_type == "Payment").unwrap();
    let bodies = [Message::of(newest).body];
    let projector = shop.projector(ORDER_SUMMARY, &MemoryParking::default());
    let mut deliveries = 0;
    while projector.take(delivered(&bodies), plenty).await.tally.applied == 0 {
        deliveries += 1;
        assert!(deliveries < 3, "a delivery brings a thousand events");
    }
    shop.follow().await;
    let order = shop.ask(Ask::get(&format!("/v1/orders/{id}"))).await;
    let shown = (order.header("served-from"), &order.body["paidAmount"]);
    assert_eq!(shown, (Some("view"), &json!(1001)));
}
