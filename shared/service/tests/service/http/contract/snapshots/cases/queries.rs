//! Answers to queries, and to requests outside the documented operations.

use std::sync::Arc;

use dekigoto_testkit::Down;

use super::Case;
use crate::http::broken::Broken;
use crate::support::{Ask, Shop, UNKNOWN, customer, on_account, parcel};

/// A query: its operation, and paths that are good, malformed, of something unknown, and forbidden to a customer.
type Query = (&'static str, String, String, Option<String>, Option<String>);

fn queries(id: &str) -> Vec<Query> {
    let order = format!("/v1/orders/{id}");
    let unknown = format!("/v1/orders/{UNKNOWN}");
    let sales = |days: &str| format!("/v1/sales/daily?{days}");
    let day = sales("from=2026-11-23&to=2026-11-23");
    let list = |rest: &str| format!("/v1/orders?{rest}");
    vec![
        (
            "listOrders",
            list("customerId=c-42"),
            list("limit=0"),
            None,
            Some(list("customerId=c-7")),
        ),
        ("getOrder", order.clone(), format!("{order}?minVersion=0"), Some(unknown.clone()), None),
        (
            "listOrderEvents",
            format!("{order}/events"),
            "/v1/orders/X/events".to_owned(),
            Some(format!("{unknown}/events")),
            None,
        ),
        (
            "listPayments",
            format!("{order}/payments"),
            format!("{order}/payments?limit=1"),
            Some(format!("{unknown}/payments")),
            None,
        ),
        (
            "getCustomerSummary",
            "/v1/customers/c-42/summary".to_owned(),
            "/v1/customers/c%2042/summary".to_owned(),
            Some("/v1/customers/nobody/summary".to_owned()),
            None,
        ),
        ("getDailySales", day.clone(), sales("from=2026-11-23"), None, Some(day)),
        (
            "getPrices",
            "/v1/prices/p-1".to_owned(),
            "/v1/prices/p%201".to_owned(),
            Some("/v1/prices/p-2".to_owned()),
            None,
        ),
        ("getWelcome", "/".to_owned(), "/?x=1".to_owned(), None, None),
        ("getHealth", "/v1/health".to_owned(), "/v1/health?x=1".to_owned(), None, None),
        (
            "getContract",
            "/v1/openapi.json".to_owned(),
            "/v1/openapi.json?x=1".to_owned(),
            None,
            None,
        ),
    ]
}

pub(super) async fn of_queries() -> Vec<Case> {
    let shop = Shop::new().priced().await;
    let id = shop.placed("placing").await;
    shop.does(&id, "confirm", &on_account()).await;
    shop.placed("another").await;
    shop.follow().await;
    let broken = shop.behind(Arc::new(Broken), Arc::new(Broken));
    let down = shop.behind(Arc::new(Down), Arc::new(Down));
    let mut cases = Vec::new();
    let mut add = |operation, name: &'static str, answer| {
        cases.push(Case { operation, name: name.into(), answer });
    };
    for (operation, good, malformed, unknown, not_theirs) in queries(&id) {
        let good = || Ask::get(&good);
        add(operation, "done", shop.ask(good()).await);
        add(operation, "malformed", shop.ask(Ask::get(&malformed)).await);
        if let Some(unknown) = unknown {
            add(operation, "not found", shop.ask(Ask::get(&unknown)).await);
        }
        if let Some(path) = not_theirs {
            add(operation, "a customer", shop.ask(Ask::get(&path).by(customer("c-42"))).await);
        }
        if shop.ask(good().by_nobody()).await.status == 401 {
            add(operation, "nobody", shop.ask(good().by_nobody()).await);
            add(operation, "broken", broken.ask(good()).await);
            add(operation, "down", down.ask(good()).await);
        }
    }
    let order = format!("/v1/orders/{id}");
    let more = [
        ("listOrders", "the first of two pages", "/v1/orders?customerId=c-42&limit=1".to_owned()),
        ("listOrders", "of an unknown customer", "/v1/orders?customerId=nobody".to_owned()),
        ("listOrderEvents", "the first of two pages", format!("{order}/events?limit=1")),
        ("listOrderEvents", "beyond the newest", format!("{order}/events?fromVersion=9")),
        ("getOrder", "at a past version", format!("{order}?atVersion=1")),
        ("getOrder", "newer than its payments", format!("{order}?minPaymentVersion=1")),
    ];
    for (operation, name, path) in more {
        add(operation, name, shop.ask(Ask::get(&path)).await);
    }
    let history = Ask::get(&format!("{order}/events")).by(customer("c-42"));
    add("listOrderEvents", "for the customer", shop.ask(history).await);
    shop.set_price("p-1", 1600, "2027-01-01T00:00:00.000Z").await;
    let prices = Ask::get("/v1/prices/p-1");
    add("getPrices", "with one to come", shop.ask(prices).await);
    let prices = Ask::get("/v1/prices/p-1").by(customer("c-42"));
    add("getPrices", "for a customer", shop.ask(prices).await);
    shop.does(&id, "ship", &parcel()).await;
    add(
        "getOrder",
        "newer than its view",
        shop.ask(Ask::get(&format!("{order}?minVersion=3"))).await,
    );
    cases
}

/// The cases outside the documented operations.
pub(in super::super) async fn of_no_operation() -> Vec<Case> {
    let shop = Shop::new();
    let mut cases = Vec::new();
    for (name, method, path) in [
        ("an unknown path", "GET", "/v1/admin"),
        ("another method", "DELETE", "/v1/orders"),
        ("an unknown method", "BREW", "/v1/health"),
        ("an unknown path below an order", "GET", "/v1/orders/x/y/z"),
        ("a method of another path", "POST", "/v1/sales/daily"),
    ] {
        cases.push(Case::of(&shop, "noOperation", name, Ask::new(method, path)).await);
    }
    cases
}
