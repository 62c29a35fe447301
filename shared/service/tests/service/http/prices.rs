//! The prices of an order: from the price list, or named by staff and trusted services.

use std::{sync::Arc, time::Duration};

use dekigoto::{Host as _, Payload};
use dekigoto_testkit::RecordedCalls;
use serde_json::{Value, json};

use crate::support::{Answer, Ask, Shop, basket, customer, order, staff};

fn place(body: &Value, key: &str) -> Ask {
    Ask::post("/v1/orders", body).header("idempotency-key", key)
}

/// The lines of the first order, as they were recorded.
fn lines(shop: &Shop) -> Value {
    let mut placed = shop.events().into_iter().filter(|event| event.event_type == "OrderPlaced");
    let payload: Value = placed.next().unwrap().payload.read().unwrap();
    payload["items"].clone()
}

#[tokio::test]
async fn a_customers_order_takes_its_prices_from_the_price_list() {
    let shop = Shop::new().priced().await;
    let answer = shop.ask(place(&basket(), "k").by(customer("c-42"))).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(lines(&shop), json!([{ "productId": "p-1", "quantity": 2, "unitAmount": 1500 }]));
}

#[tokio::test]
async fn a_customer_cannot_name_a_price() {
    let shop = Shop::new().priced().await;
    for unit_amount in [0, 1, 1500] {
        let mut body = order();
        body["items"][0]["unitAmount"] = json!(unit_amount);
        let answer =
            shop.refuses(place(&body, "k").by(customer("c-42")), 422, "invalid-order").await;
        assert_eq!(answer.pointers(), ["/items/0/unitAmount"]);
    }
    for trusted in [staff(), crate::support::shop()] {
        let mut body = order();
        body["items"][0]["unitAmount"] = json!(7);
        assert_eq!(shop.ask(place(&body, "named").by(trusted)).await.status, 201);
    }
}

#[tokio::test]
async fn a_product_without_a_price_is_named() {
    let shop = Shop::new().priced().await;
    shop.set_price("p-2", 10, "2027-01-01T00:00:00.000Z").await;
    let mut body = basket();
    body["items"] = json!([
        { "productId": "p-1", "quantity": 1 },
        { "productId": "p-2", "quantity": 1 },
        { "productId": "p-3", "quantity": 1 },
    ]);
    let answer = shop.refuses(place(&body, "k").by(customer("c-42")), 422, "invalid-order").await;
    assert_eq!(answer.pointers(), ["/items/1/productId", "/items/2/productId"]);
    assert!(answer.text.contains("p-3 has no price in JPY"), "{}", answer.text);
    body["currency"] = json!("EUR");
    let answer = shop.refuses(place(&body, "k").by(customer("c-42")), 422, "invalid-order").await;
    assert_eq!(answer.pointers().len(), 3);
}

/// During a deployment, and after one that changed the rows, until each is touched.
#[tokio::test]
async fn a_price_whose_row_another_version_wrote_is_folded_from_the_store() {
    let shop = Shop::new().priced().await;
    let mut row = shop.views.dump().into_iter().find(|row| row.key.partition == "price-list#p-1");
    let row = row.as_mut().unwrap();
    let body = row.body.as_str().replacen('{', "{\"schema\":9,", 1).replace("1500", "7");
    assert_ne!(body, row.body.as_str());
    row.body = Payload::from_text(body).unwrap();
    row.revision += 1;
    dekigoto::ViewStore::write(&shop.views, std::slice::from_ref(row)).await.unwrap();
    let answer = shop.ask(place(&basket(), "k").by(customer("c-42"))).await;
    assert_eq!((answer.status, &lines(&shop)[0]["unitAmount"]), (201, &json!(1500)));
}

#[tokio::test]
async fn an_order_reads_all_its_prices_in_one_request() {
    let shop = Shop::new().priced().await;
    shop.set_price("p-2", 10, "2026-01-01T00:00:00.000Z").await;
    shop.set_price("p-3", 20, "2026-01-01T00:00:00.000Z").await;
    let (store, views) = (Arc::new(shop.store.clone()), Arc::new(shop.views.clone()));
    let calls = RecordedCalls::of(store, views);
    let recorded = shop.behind(calls.clone(), calls.clone());
    let mut body = basket();
    body["items"] = ["p-1", "p-2", "p-3"]
        .map(|product| json!({ "productId": product, "quantity": 1 }))
        .into_iter()
        .collect();
    let first = recorded.ask(place(&body, "first").by(customer("c-42"))).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let expected = ["get price-list, price-list, price-list", "append to Order"];
    // The first request of a process also asks which generation of the view is live.
    assert_eq!(calls.take()[1..], expected);
    recorded.ask(place(&body, "second").by(customer("c-42"))).await;
    assert_eq!(calls.take(), expected);
    // Whoever names all prices needs none.
    recorded.ask(place(&order(), "named").by(staff())).await;
    assert_eq!(calls.take(), expected[1..]);
}

#[tokio::test]
async fn a_repeated_order_gets_its_first_answer_though_the_price_changed_s5() {
    let shop = Shop::new().priced().await;
    let send = || place(&basket(), "k").by(customer("c-42"));
    let first = shop.ask(send()).await;
    shop.set_price("p-1", 9, "2026-02-01T00:00:00.000Z").await;
    shop.host.sleep(Duration::from_secs(1)).await;
    let again = shop.ask(send()).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(lines(&shop)[0]["unitAmount"], 1500, "the price is frozen");
    let other = shop.ask(place(&basket(), "another").by(customer("c-42"))).await;
    shop.follow().await;
    let path = format!("/v1/orders/{}", other.body["orderId"].as_str().unwrap());
    assert_eq!(shop.ask(Ask::get(&path)).await.body["totalAmount"], 18);
}

#[tokio::test]
async fn a_price_holds_from_its_moment_on() {
    // The shop's clock starts on 2026-11-23 at 09:00.
    let shop = Shop::new().priced().await;
    shop.set_price("p-1", 2000, "2026-11-23T10:00:00.000Z").await;
    let total = async |key: &str| {
        let placed = shop.ask(place(&basket(), key)).await;
        let path = format!("/v1/orders/{}", placed.body["orderId"].as_str().unwrap());
        shop.ask(Ask::get(&path)).await.body["totalAmount"].clone()
    };
    assert_eq!(total("before").await, 3000);
    shop.host.sleep(Duration::from_hours(1)).await;
    assert_eq!(total("after").await, 4000);
}

#[tokio::test]
async fn setting_the_same_price_again_writes_nothing_and_says_so() {
    let shop = Shop::new();
    let price =
        json!({ "currency": "JPY", "unitAmount": 5, "validFrom": "2026-01-01T00:00:00.000Z" });
    let first = shop.ask(Ask::put("/v1/prices/p-1", &price)).await;
    assert_eq!((first.status, &first.body), (200, &json!({ "productId": "p-1", "version": 1 })));
    let again = shop.ask(Ask::put("/v1/prices/p-1", &price)).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(shop.commits().len(), 1);
}

/// Moment and amount of the prices in an answer.
fn shown(answer: &Answer) -> Vec<(&str, u64)> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.body["prices"].as_array().unwrap().iter();
    items
        .map(|it| (it["validFrom"].as_str().unwrap(), it["unitAmount"].as_u64().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_customer_sees_the_price_that_an_order_takes_now() {
    const NEW_YEAR: &str = "2026-01-01T00:00:00.000Z";
    const IN_AN_HOUR: &str = "2026-11-23T10:00:00.000Z";
    let shop = Shop::new().priced().await;
    shop.set_price("p-1", 2000, IN_AN_HOUR).await;
    let read = |by| shop.ask(Ask::get("/v1/prices/p-1").by(by));
    let mine = read(customer("c-42")).await;
    assert_eq!(shown(&mine), [(NEW_YEAR, 1500)], "not the price to come");
    assert_eq!(mine.header("etag"), None, "what a customer sees changes with the clock");
    let placed = shop.ask(place(&basket(), "k").by(customer("c-42"))).await;
    assert_eq!((placed.status, &lines(&shop)[0]["unitAmount"]), (201, &json!(1500)));
    for trusted in [staff(), crate::support::shop()] {
        let all = read(trusted).await;
        assert_eq!(shown(&all), [(NEW_YEAR, 1500), (IN_AN_HOUR, 2000)]);
        assert_eq!(all.header("etag"), Some("\"2\""));
    }
    shop.host.sleep(Duration::from_hours(1)).await;
    assert_eq!(shown(&read(customer("c-42")).await), [(IN_AN_HOUR, 2000)]);
}

#[tokio::test]
async fn a_customer_sees_no_product_whose_first_price_is_to_come_s14() {
    let shop = Shop::new();
    shop.set_price("p-2", 10, "2027-01-01T00:00:00.000Z").await;
    let read = |product: &str, by| Ask::get(&format!("/v1/prices/{product}")).by(by);
    let to_come = shop.refuses(read("p-2", customer("c-42")), 404, "not-found").await;
    let unknown = shop.refuses(read("p-3", customer("c-42")), 404, "not-found").await;
    assert_eq!(to_come.body, unknown.body);
    assert_eq!(shop.ask(read("p-2", staff())).await.status, 200);
}

#[tokio::test]
async fn a_price_can_be_read_as_soon_as_it_was_set() {
    let shop = Shop::new().priced().await;
    let price =
        json!({ "currency": "JPY", "unitAmount": 7, "validFrom": "2026-02-01T00:00:00.000Z" });
    let read = async |rest: &str| shop.ask(Ask::get(&format!("/v1/prices/p-1{rest}"))).await;
    let tag = read("").await.header("etag").unwrap().to_owned();
    let set = Ask::put("/v1/prices/p-1", &price).header("if-match", &tag);
    assert_eq!(shop.ask(set).await.body["version"], 2);
    // No message has reached the view.
    assert_eq!(shown(&read("").await).len(), 1);
    assert_eq!(shown(&read("?minVersion=2").await)[1], ("2026-02-01T00:00:00.000Z", 7));
    assert_eq!(read("?minVersion=3").await.status, 404);
    let set = Ask::put("/v1/prices/p-1", &price).header("if-match", &tag);
    shop.refuses(set, 412, "precondition-failed").await;
}
