//! S14: callers read and change only their own orders.

use order_service::{Caller, STAFF_SCOPE};
use serde_json::{Value, json};

use crate::support::{
    Ask, Shop, UNKNOWN, basket, customer, on_account, order, parcel, payment, refund, staff,
};

const ROUTES: [(&str, &str); 14] = [
    ("POST", "/v1/orders"),
    ("GET", "/v1/orders?customerId=c-42"),
    ("GET", "/v1/orders/{id}"),
    ("POST", "/v1/orders/{id}/payments"),
    ("GET", "/v1/orders/{id}/payments"),
    ("POST", "/v1/orders/{id}/confirm"),
    ("POST", "/v1/orders/{id}/ship"),
    ("POST", "/v1/orders/{id}/deliver"),
    ("POST", "/v1/orders/{id}/cancel"),
    ("POST", "/v1/orders/{id}/refunds"),
    ("GET", "/v1/orders/{id}/events"),
    ("GET", "/v1/customers/c-42/summary"),
    ("GET", "/v1/prices/p-1"),
    ("GET", "/v1/sales/daily?from=2026-11-23&to=2026-11-23"),
];

fn body_of(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "orders" => order(),
        "ship" => parcel(),
        "cancel" => json!({ "reason": "ordered twice" }),
        "payments" => payment("ch_1"),
        "refunds" => refund("ch_1", "re_1"),
        _ => json!({}),
    }
}

fn ask(method: &str, path: &str, id: &str) -> Ask {
    let path = path.replace("{id}", id);
    if method == "GET" { Ask::get(&path) } else { Ask::post(&path, &body_of(&path)) }
}

#[tokio::test]
async fn unauthenticated_requests_get_401_s14() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.follow().await;
    for (method, path) in ROUTES {
        shop.refuses(ask(method, path, &id).by_nobody(), 401, "unauthenticated").await;
    }
    let health = shop.ask(Ask::get("/v1/health").by_nobody()).await;
    assert_eq!((health.status, &health.body["status"]), (200, &json!("ok")));
    assert_eq!(health.body["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn customers_get_403_for_staff_commands_s14() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.follow().await;
    let mut routes: Vec<(&str, &str)> = ROUTES
        .into_iter()
        .filter(|(method, path)| {
            let of_staff = ["confirm", "ship", "deliver", "payments", "refunds", "sales"];
            let may_read = *method == "GET" && path.contains("payments");
            of_staff.iter().any(|part| path.contains(part)) && !may_read
        })
        .collect();
    routes.push(("GET", "/v1/orders?status=pending&placedOn=2026-11-23"));
    assert_eq!(routes.len(), 7);
    for (method, path) in routes {
        // Also for their own order, and without revealing whether the order exists.
        for id in [&*id, UNKNOWN] {
            shop.refuses(ask(method, path, id).by(customer("c-42")), 403, "forbidden").await;
        }
    }
}

#[tokio::test]
async fn a_customer_places_reads_and_cancels_their_own_order_s14() {
    let shop = Shop::new().priced().await;
    let me = || customer("c-42");
    let placed = shop.ask(Ask::post("/v1/orders", &basket()).by(me())).await;
    assert_eq!(placed.status, 201);
    let id = placed.body["orderId"].as_str().unwrap();
    for is_projected in [false, true] {
        for path in [
            "/v1/orders/{id}",
            "/v1/orders/{id}?atVersion=1",
            "/v1/orders/{id}/events",
            "/v1/orders/{id}/payments",
            "/v1/orders?customerId=c-42",
        ] {
            let answer = shop.ask(ask("GET", path, id).by(me())).await;
            assert_eq!(answer.status, 200, "{path}, {is_projected}: {}", answer.text);
        }
        shop.follow().await;
    }
    assert_eq!(shop.ask(ask("GET", "/v1/customers/c-42/summary", id).by(me())).await.status, 200);
    assert_eq!(shop.ask(ask("POST", "/v1/orders/{id}/cancel", id).by(me())).await.status, 200);
}

#[tokio::test]
async fn customers_do_not_see_other_actors_and_their_keys_s14() {
    let shop = Shop::new().priced().await;
    let placed = shop.ask(Ask::post("/v1/orders", &basket()).by(customer("c-42"))).await;
    let path = format!("/v1/orders/{}", placed.body["orderId"].as_str().unwrap());
    let confirm = Ask::post(&format!("{path}/confirm"), &on_account())
        .by(staff())
        .header("idempotency-key", "staff-secret")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    assert_eq!(shop.ask(confirm).await.status, 200);
    let events = |by| shop.ask(Ask::get(&format!("{path}/events")).by(by));
    let mine = events(customer("c-42")).await;
    let metadata = |place: usize| &mine.body["items"][place]["metadata"];
    assert_eq!(metadata(0)["actor"], "c-42");
    assert_eq!(metadata(0)["commandKey"], placed.header("idempotency-key").unwrap());
    assert_eq!(metadata(1)["actor"], "withheld");
    assert_eq!(metadata(1)["commandKey"], "withheld");
    for word in ["staff", "secret", "4bf92f"] {
        assert!(!mine.text.contains(word), "{word}: {}", mine.text);
    }
    let theirs = events(staff()).await;
    assert_eq!(theirs.body["items"][1]["metadata"]["actor"], "staff-1");
    assert_eq!(theirs.body["items"][1]["metadata"]["commandKey"], "staff-secret");
}

#[tokio::test]
async fn customers_do_not_set_prices_s14() {
    let shop = Shop::new();
    let price =
        json!({ "currency": "JPY", "unitAmount": 0, "validFrom": "2026-01-01T00:00:00.000Z" });
    let set = || Ask::put("/v1/prices/p-1", &price);
    shop.refuses(set().by(customer("c-42")), 403, "forbidden").await;
    shop.refuses(set().by_nobody(), 401, "unauthenticated").await;
    assert_eq!(shop.ask(set().by(staff())).await.status, 200);
}

#[tokio::test]
async fn customers_get_403_for_another_customers_id_s14() {
    let shop = Shop::new();
    shop.placed("k").await;
    shop.follow().await;
    shop.refuses(Ask::post("/v1/orders", &order()).by(customer("c-7")), 403, "forbidden").await;
    shop.refuses(Ask::get("/v1/orders?customerId=c-42").by(customer("c-7")), 403, "forbidden")
        .await;
}

#[tokio::test]
async fn staff_may_use_every_operation() {
    let shop = Shop::new().priced().await;
    let id = shop.placed("k").await;
    shop.follow().await;
    for (method, path) in ROUTES.into_iter().filter(|(_, path)| !path.contains("cancel")) {
        let answer = shop.ask(ask(method, path, &id).by(staff())).await;
        assert!(answer.status < 300, "{method} {path}: {}", answer.text);
    }
}

#[test]
fn a_token_without_a_valid_customer_id_is_not_a_caller() {
    for sub in ["", "a b", "a#b", "../x", &"c".repeat(65)] {
        assert_eq!(Caller::bearer(sub, "", STAFF_SCOPE), None, "{sub:?}");
    }
    assert_eq!(Caller::service(""), None);
    assert_eq!(Caller::service(&"a".repeat(257)), None);
    // A scope is a whole word: a part of it, or a longer word that contains it, does not make a caller staff.
    for scopes in
        ["orders", "xorders:staff", "orders:staff2", "orders:staff,openid", "ORDERS:STAFF"]
    {
        assert_eq!(
            Caller::bearer("c-42", scopes, STAFF_SCOPE),
            Some(customer("c-42")),
            "{scopes:?}"
        );
    }
    assert_ne!(staff(), customer("staff-1"));
}
