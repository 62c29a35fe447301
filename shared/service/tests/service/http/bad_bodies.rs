//! Bodies that must be refused without writing anything: rows 1 to 11, 16, 17, 37 and 39 of tests/BAD_INPUTS.md.

use serde_json::{Value, json};

use crate::support::{Ask, Shop, on_account, order, parcel, payment};

/// Sends the body to place an order; it must be refused as malformed.
async fn malformed(body: impl Into<Vec<u8>>) -> crate::support::Answer {
    let ask = Ask::raw("/v1/orders", body.into());
    Shop::new().refuses(ask, 400, "malformed-request").await
}

/// The sample order with another value at that pointer.
fn with(pointer: &str, value: &Value) -> Value {
    let mut order = order();
    *order.pointer_mut(pointer).unwrap() = value.clone();
    order
}

#[tokio::test]
async fn a_body_that_is_not_an_object_is_malformed() {
    for body in ["", " ", "null", "[]", "\"x\"", "3", "true", "{}", "[{}]"] {
        malformed(body).await;
    }
}

#[tokio::test]
async fn an_array_in_place_of_an_object_is_malformed() {
    malformed(r#"["c-42","JPY",[{"productId":"p-1","quantity":2,"unitAmount":1500}]]"#).await;
    let answer = malformed(with("/items/0", &json!(["p-1", 2, 1500])).to_string()).await;
    assert_eq!(answer.pointers(), ["/items/0"]);
    let shop = Shop::new();
    let id = shop.placed("k").await;
    for (command, body) in [
        ("confirm", json!([])),
        ("confirm", json!(null)),
        ("cancel", json!(["why"])),
        ("ship", json!(["DHL", "1"])),
    ] {
        let ask = Ask::post(&format!("/v1/orders/{id}/{command}"), &body);
        shop.refuses(ask, 400, "malformed-request").await;
    }
}

#[tokio::test]
async fn text_that_is_not_one_json_value_is_malformed() {
    let good = order().to_string();
    malformed(&good[..good.len() - 1]).await;
    malformed(format!("{good}x")).await;
    malformed(format!("{good}{good}")).await;
    malformed(format!("{good},")).await;
    malformed(good.replace('"', "'")).await;
    malformed(format!("\u{feff}{good}")).await;
    malformed(good.replace("1500", "NaN")).await;
    malformed(good.replace("1500", "01500")).await;
    let mut latin: Vec<u8> = good.replace("c-42", "c-XX").into_bytes();
    latin.iter_mut().filter(|byte| **byte == b'X').for_each(|byte| *byte = 0xff);
    malformed(latin).await;
    malformed(good.replace("c-42", "\\ud800")).await;
    malformed(good.replace("c-42", "c\\u0000")).await;
}

#[tokio::test]
async fn json_ten_thousand_deep_is_malformed_s16() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        malformed(deep.clone()).await;
        malformed(order().to_string().replace("\"JPY\"", &deep)).await;
    }
}

#[tokio::test]
async fn a_field_given_twice_is_malformed() {
    let good = order().to_string();
    malformed(good.replace("\"quantity\":2", "\"quantity\":2,\"quantity\":9")).await;
    malformed(good.replace("\"currency\":\"JPY\"", "\"currency\":\"JPY\",\"currency\":\"JPY\""))
        .await;
}

#[tokio::test]
async fn an_unknown_field_is_malformed_and_named() {
    for (field, value) in [
        ("isAdmin", json!(true)),
        ("status", json!("paid")),
        ("totalAmount", json!(0)),
        ("customer_id", json!("c")),
    ] {
        let mut body = order();
        body[field] = value;
        assert_eq!(malformed(body.to_string()).await.pointers(), [format!("/{field}")]);
    }
    let mut body = order();
    body["items"][0]["price"] = json!(0);
    assert_eq!(malformed(body.to_string()).await.pointers(), ["/items/0/price"]);
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let bodies = [
        ("confirm", on_account()),
        ("deliver", json!({})),
        ("ship", parcel()),
        ("cancel", json!({ "reason": "x" })),
        ("payments", payment("ch_1")),
    ];
    for (command, mut body) in bodies {
        body["isAdmin"] = json!(true);
        let ask = Ask::post(&format!("/v1/orders/{id}/{command}"), &body);
        shop.refuses(ask, 400, "malformed-request").await;
    }
}

#[tokio::test]
async fn each_missing_field_is_named() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let bodies = [
        ("/v1/orders".to_owned(), order()),
        (format!("/v1/orders/{id}/ship"), parcel()),
        (format!("/v1/orders/{id}/cancel"), json!({ "reason": "x" })),
        (format!("/v1/orders/{id}/payments"), payment("ch_1")),
    ];
    let mut fields = 0;
    for (path, body) in bodies {
        for field in body.as_object().unwrap().keys() {
            let mut less = body.clone();
            less.as_object_mut().unwrap().remove(field);
            let answer = shop.refuses(Ask::post(&path, &less), 400, "malformed-request").await;
            assert_eq!(answer.pointers(), [format!("/{field}")]);
            fields += 1;
        }
    }
    for field in ["productId", "quantity"] {
        let mut less = order();
        less["items"][0].as_object_mut().unwrap().remove(field);
        let answer = malformed(less.to_string()).await;
        assert_eq!(answer.pointers(), [format!("/items/0/{field}")]);
    }
    assert_eq!(fields, 10);
}

#[tokio::test]
async fn a_field_of_a_wrong_type_is_named() {
    let wrong = [json!(null), json!(true), json!(1.5), json!([1]), json!({ "a": 1 })];
    for pointer in [
        "/customerId",
        "/currency",
        "/items",
        "/items/0",
        "/items/0/productId",
        "/items/0/quantity",
        "/items/0/unitAmount",
    ] {
        for value in &wrong {
            let answer = malformed(with(pointer, value).to_string()).await;
            assert!(
                answer.pointers()[0].starts_with(pointer),
                "{pointer} {value}: {}",
                answer.text
            );
        }
    }
    let shop = Shop::new();
    let id = shop.placed("k").await;
    for field in ["reference", "amount", "currency", "outcome"] {
        for value in wrong.iter().chain([&json!({ "captured": null })]) {
            let mut body = payment("ch_1");
            body[field] = value.clone();
            let ask = Ask::post(&format!("/v1/orders/{id}/payments"), &body);
            let answer = shop.refuses(ask, 400, "malformed-request").await;
            assert_eq!(answer.pointers(), [format!("/{field}")]);
        }
    }
    for outcome in ["Captured", "refunded", ""] {
        let mut body = payment("ch_1");
        body["outcome"] = json!(outcome);
        shop.refuses(
            Ask::post(&format!("/v1/orders/{id}/payments"), &body),
            400,
            "malformed-request",
        )
        .await;
    }
}

#[tokio::test]
async fn only_exact_quantities_and_amounts_are_accepted() {
    let sample = order().to_string();
    for number in [
        "0",
        "-1",
        "1.5",
        "1e3",
        "1.0",
        "\"1\"",
        "10001",
        "2147483648",
        "9223372036854775808",
        "18446744073709551616",
        "1e400",
    ] {
        malformed(sample.replace("\"quantity\":2", &format!("\"quantity\":{number}"))).await;
    }
    for number in ["-1", "1.5", "1e3", "\"1\"", "1000000000001", "18446744073709551616", "1e400"] {
        malformed(sample.replace("1500", number)).await;
    }
    let shop = Shop::new();
    for (quantity, price) in [(1, 0), (10_000, 0), (1, 1_000_000_000_000_i64)] {
        let mut body = order();
        body["items"][0]["quantity"] = json!(quantity);
        body["items"][0]["unitAmount"] = json!(price);
        assert_eq!(
            shop.ask(Ask::post("/v1/orders", &body)).await.status,
            201,
            "{quantity} {price}"
        );
    }
}

#[tokio::test]
async fn an_order_that_breaks_a_business_limit_is_invalid() {
    let shop = Shop::new();
    let item = order()["items"][0].clone();
    let most =
        json!({ "productId": "p-1", "quantity": 10_000, "unitAmount": 1_000_000_000_000_i64 });
    for items in [json!([]), json!(vec![item.clone(); 101]), json!([most]), json!(vec![most; 100])]
    {
        let ask = Ask::post("/v1/orders", &with("/items", &items));
        shop.refuses(ask, 422, "invalid-order").await;
    }
    for currency in ["jpy", "XXX", "JPY ", "", "ＪＰＹ", "BTC", "A"] {
        let ask = Ask::post("/v1/orders", &with("/currency", &json!(currency)));
        let answer = shop.refuses(ask, 422, "invalid-order").await;
        assert_eq!(answer.pointers(), ["/currency"]);
    }
    let most_items = Ask::post("/v1/orders", &with("/items", &json!(vec![item; 100])));
    assert_eq!(shop.ask(most_items).await.status, 201);
}

#[tokio::test]
async fn a_payment_that_breaks_a_business_limit_is_invalid() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let faults = [
        ("amount", json!(0)),
        ("amount", json!(-1)),
        ("amount", json!(9_007_199_254_740_992_i64)),
        ("amount", json!(i64::MIN)),
        ("currency", json!("jpy")),
        ("declineReason", json!("a captured payment has none")),
    ];
    for (field, value) in faults {
        let mut body = payment("ch_1");
        body[field] = value;
        let ask = Ask::post(&format!("/v1/orders/{id}/payments"), &body);
        shop.refuses(ask, 422, "invalid-payment").await;
    }
}

#[tokio::test]
async fn invalid_ids_and_texts_are_malformed() {
    for id in
        ["", "a b", "a#b", "ORDER#1#2", "../x", "c\u{202e}", "🙂", "ｃ-42", "c\n", &"c".repeat(65)]
    {
        for pointer in ["/customerId", "/items/0/productId"] {
            let answer = malformed(with(pointer, &json!(id)).to_string()).await;
            assert_eq!(answer.pointers(), [pointer]);
        }
    }
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let combining = "e\u{301}".repeat(3_400);
    for reason in ["", "   ", "a\u{0}b", "a\nb", "abc\u{202e}fed", &"x".repeat(501), &combining] {
        let ask = Ask::post(&format!("/v1/orders/{id}/cancel"), &json!({ "reason": reason }));
        let answer = shop.refuses(ask, 400, "malformed-request").await;
        assert_eq!(answer.pointers(), ["/reason"]);
    }
}

#[tokio::test]
async fn no_answer_repeats_more_than_200_bytes_of_input_s17() {
    let long = "Q".repeat(5_000);
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let mut bodies =
        vec![json!({ &*long: 1 }).to_string(), json!(long).to_string(), format!("{{{long}")];
    for pointer in [
        "/customerId",
        "/currency",
        "/items",
        "/items/0",
        "/items/0/productId",
        "/items/0/quantity",
    ] {
        bodies.push(with(pointer, &json!(long)).to_string());
        bodies.push(with(pointer, &json!({ &*long: long })).to_string());
    }
    let mut asks: Vec<Ask> = bodies.into_iter().map(|body| Ask::raw("/v1/orders", body)).collect();
    let mut outcome = payment("ch_1");
    outcome["outcome"] = json!(long);
    asks.push(Ask::post(&format!("/v1/orders/{id}/payments"), &outcome));
    asks.push(Ask::post("/v1/orders", &order()).header("idempotency-key", &long));
    asks.push(Ask::post("/v1/orders", &order()).header("if-match", &long));
    asks.push(
        Ask::post("/v1/orders", &order()).without("content-type").header("content-type", &long),
    );
    for path in [
        "/v1/orders/{}",
        "/{}",
        "/v1/customers/{}/summary",
        "/v1/orders?{}=1",
        "/v1/orders?customerId={}",
        "/v1/orders?customerId=c&cursor={}",
        "/v1/orders?customerId=c&limit={}",
        "/v1/sales/daily?from={}",
        "/v1/orders?status={}",
    ] {
        asks.push(Ask::get(&path.replace("{}", &long)));
    }
    asks.push(Ask::new(&"Q".repeat(300), "/v1/orders"));
    for (place, ask) in asks.into_iter().enumerate() {
        let answer = shop.ask(ask).await;
        assert!((400..500).contains(&answer.status), "{place}: {}", answer.text);
        assert!(answer.text.matches('Q').count() <= 200, "{place}: {}", answer.text);
        assert!(answer.text.len() < 1_000, "{place}: {}", answer.text);
    }
}
