//! An order from HTTP to its views, through every function.

use serde_json::{Value, json};

use crate::{runtime::Function, stack::Stack};

/// Events in the topic when the order is placed and paid, and when the policy has confirmed it.
const PLACED_AND_PAID: usize = 2;
const CONFIRMED: usize = 5;

fn request(method: &str, path: &str, key: &str, body: &Value) -> Value {
    let headers = if method == "POST" {
        json!({ "content-type": "application/json", "idempotency-key": key })
    } else {
        json!({})
    };
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": headers,
        "requestContext": { "http": { "method": method, "path": path }, "requestId": "r" },
        "body": body.to_string(), "isBase64Encoded": false
    })
}

/// Calls the API, and returns its status, its headers and its body.
async fn call(api: &mut Function, method: &str, path: &str, body: &Value) -> (u64, Value, Value) {
    let answer = api.invoke(request(method, path, "once", body)).await.unwrap();
    let text = answer["body"].as_str().unwrap();
    let body = serde_json::from_str(text).unwrap_or(Value::Null);
    (answer["statusCode"].as_u64().unwrap(), answer["headers"].clone(), body)
}

async fn drained(relay: &mut Function) -> Value {
    relay.invoke(json!({ "drain": true })).await.unwrap()
}

/// Hands everything in the topic, at least so many records, to each of them; all accept all.
async fn deliver(stack: &Stack, at_least: usize, to: &mut [&mut Function]) {
    let event = stack.event(at_least).await;
    for function in to {
        let answer = function.invoke(event.clone()).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }
}

#[tokio::test]
#[ignore = "needs the servers of DATABASE_URL and KAFKA_BROKERS: make platforms"]
async fn an_order_goes_through_every_function_and_counts_once_however_often_it_is_delivered_s8_l2()
{
    let stack = Stack::deploy().await;
    let own = [("AUTH_MODE", "none")];
    let mut api = stack.function(env!("CARGO_BIN_EXE_postgres-api"), "orders_api", &own).await;
    let (mut relay, mut orders) = (stack.relay().await, stack.view("order-summary").await);
    let mut customers = stack.view("customer-summary").await;
    let policy = [("CONSUMER", "fulfilment-policy")];
    let mut policy = stack.function(env!("CARGO_BIN_EXE_consumer"), "orders_policy", &policy).await;

    let basket = json!({
        "customerId": "c-1", "currency": "JPY",
        "items": [{ "productId": "p-1", "quantity": 2, "unitAmount": 1500 }]
    });
    let (status, _, placed) = call(&mut api, "POST", "/v1/orders", &basket).await;
    assert_eq!(status, 201, "{placed}");
    let order = format!("/v1/orders/{}", placed["orderId"].as_str().unwrap());
    let payment =
        json!({ "reference": "ch-1", "amount": 3000, "currency": "JPY", "outcome": "captured" });
    assert_eq!(call(&mut api, "POST", &format!("{order}/payments"), &payment).await.0, 201);

    assert_eq!(drained(&mut relay).await["waiting"], 0);
    deliver(&stack, PLACED_AND_PAID, &mut [&mut policy]).await;
    let drained_again = drained(&mut relay).await;
    assert!(drained_again["published"].as_u64().unwrap() >= 1, "{drained_again}");
    for _ in 0..2 {
        deliver(&stack, CONFIRMED, &mut [&mut policy, &mut orders, &mut customers]).await;
    }

    let (_, headers, shown) = call(&mut api, "GET", &order, &Value::Null).await;
    assert_eq!((&headers["served-from"], &shown["status"]), (&json!("view"), &json!("confirmed")));
    let (_, _, summary) = call(&mut api, "GET", "/v1/customers/c-1/summary", &Value::Null).await;
    assert_eq!((&summary["orderCount"], &summary["totals"]), (&json!(1), &json!({ "JPY": 3000 })));
    assert_eq!(policy.invoke(json!({ "tick": true })).await, Ok(json!({ "queued": 0 })));
    let refused = relay.invoke(json!({ "Records": [] })).await.unwrap_err();
    assert!(refused.to_string().contains("its schedule"), "{refused}");

    // A view whose database does not answer gets the records again, from the first of each partition on.
    let lost = [("DATABASE_URL", "postgres://x@127.0.0.1:1/x"), ("CONSUMER", "order-summary")];
    let lost = [&lost[..], &[("PAYMENT_SECONDS", "1800"), ("CONFIRMATION", "automatic")]].concat();
    let mut lost = Function::start(env!("CARGO_BIN_EXE_consumer"), &lost).await;
    let event = stack.event(CONFIRMED).await;
    let answer = lost.invoke(event.clone()).await.unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    let first = failures.iter().all(|it| it["itemIdentifier"]["offset"] == 0);
    let partitions = event["records"].as_object().unwrap().len();
    assert!(first && (1..=partitions).contains(&failures.len()), "{answer}");
}
