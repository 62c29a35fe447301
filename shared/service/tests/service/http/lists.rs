//! Lists of orders: newest first, paged, with cursors that are valid for one list and caller.

use std::time::Duration;

use dekigoto::Host as _;
use serde_json::{Value, json};

use crate::support::{Ask, Shop, customer, on_account, order, staff};

/// Seven orders of c-42, the second and the fifth cancelled, and one of c-7. Newest first.
async fn seven() -> (Shop, Vec<String>) {
    let shop = Shop::new();
    let mut ids = Vec::new();
    for place in 0..7 {
        // Two of them in the same millisecond.
        if place != 3 {
            shop.host.sleep(Duration::from_secs(1)).await;
        }
        let id = shop.placed(&format!("k{place}")).await;
        if [1, 4].contains(&place) {
            shop.does(&id, "cancel", &json!({ "reason": "twice" })).await;
        }
        ids.insert(0, id);
    }
    let mut other = order();
    other["customerId"] = json!("c-7");
    shop.ask(Ask::post("/v1/orders", &other)).await;
    shop.follow().await;
    (shop, ids)
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["orderId"].as_str().unwrap().to_owned()).collect()
}

/// Reads all pages of a list.
async fn pages(shop: &Shop, path: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = shop.ask(Ask::get(&format!("{path}{cursor}"))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        pages.push(ids(&answer.body));
        assert!(pages.len() < 20, "the list does not end");
        match answer.body.get("nextCursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

#[tokio::test]
async fn a_customers_orders_are_listed_newest_first_at_every_page_size() {
    let (shop, newest_first) = seven().await;
    let all = pages(&shop, "/v1/orders?customerId=c-42").await;
    assert_eq!(all.len(), 1);
    // The two orders of one millisecond may come in either order, but always in the same one.
    assert_eq!(all[0][..3], newest_first[..3]);
    assert_eq!(sorted(all[0].clone()), sorted(newest_first));
    for limit in 1..=7 {
        let cut = pages(&shop, &format!("/v1/orders?customerId=c-42&limit={limit}")).await;
        assert!(cut.iter().all(|page| page.len() <= limit));
        assert_eq!(cut.concat(), all[0], "limit {limit}");
    }
    assert_eq!(pages(&shop, "/v1/orders?customerId=nobody").await, [Vec::<String>::new()]);
}

#[tokio::test]
async fn a_status_filters_a_customers_orders() {
    let (shop, newest_first) = seven().await;
    let cancelled = [newest_first[2].clone(), newest_first[5].clone()];
    for limit in [1, 2, 7] {
        let path = format!("/v1/orders?customerId=c-42&status=cancelled&limit={limit}");
        assert_eq!(pages(&shop, &path).await.concat(), cancelled, "limit {limit}");
    }
}

#[tokio::test]
async fn a_page_of_a_status_is_full_though_most_orders_have_another_one() {
    let shop = Shop::new();
    let mut cancelled = Vec::new();
    for place in 0..130 {
        shop.host.sleep(Duration::from_secs(1)).await;
        let id = shop.placed(&format!("k{place}")).await;
        if [0, 1, 2, 60, 61].contains(&place) {
            shop.does(&id, "cancel", &json!({ "reason": "twice" })).await;
            cancelled.insert(0, id);
        }
    }
    shop.follow().await;
    for list in ["customerId=c-42&status=cancelled", "placedOn=2026-11-23&status=cancelled"] {
        let pages = pages(&shop, &format!("/v1/orders?{list}&limit=2")).await;
        assert_eq!(pages.concat(), cancelled, "{list}");
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>()[..3], [2, 2, 1], "{list}");
    }
}

#[tokio::test]
async fn the_orders_of_a_day_are_listed_by_status() {
    let (shop, newest_first) = seven().await;
    for (status, count) in [("pending", 6), ("cancelled", 2), ("shipped", 0)] {
        let path = format!("/v1/orders?status={status}&placedOn=2026-11-23&limit=2");
        assert_eq!(pages(&shop, &path).await.concat().len(), count, "{status}");
    }
    assert_eq!(
        pages(&shop, "/v1/orders?status=pending&placedOn=2026-11-24").await.concat().len(),
        0
    );
    // A confirmed order moves to the other list.
    shop.does(&newest_first[0], "confirm", &on_account()).await;
    shop.follow().await;
    let confirmed = pages(&shop, "/v1/orders?status=confirmed&placedOn=2026-11-23").await;
    assert_eq!(confirmed.concat(), newest_first[..1]);
}

#[tokio::test]
async fn a_cursor_is_valid_only_for_its_list_and_caller_s14() {
    let (shop, _) = seven().await;
    let list = "/v1/orders?customerId=c-42&limit=2";
    let first = shop.ask(Ask::get(list).by(staff())).await;
    let cursor = first.body["nextCursor"].as_str().unwrap().to_owned();
    let with = |path: &str, cursor: &str| Ask::get(&format!("{path}&cursor={cursor}")).by(staff());
    assert_eq!(shop.ask(with(list, &cursor)).await.status, 200);
    // The page size is not part of the query.
    assert_eq!(shop.ask(with("/v1/orders?customerId=c-42&limit=3", &cursor)).await.status, 200);
    let refused = async |ask: Ask| {
        let answer = shop.refuses(ask, 400, "malformed-request").await;
        assert_eq!(answer.parameters(), ["cursor"]);
    };
    for other in [
        "/v1/orders?customerId=c-7",
        "/v1/orders?customerId=c-42&status=pending",
        "/v1/orders?customerId=c-42&status=cancelled",
        "/v1/orders?status=pending&placedOn=2026-11-23",
    ] {
        refused(with(other, &cursor)).await;
    }
    // The customer is another caller, even for the same list.
    refused(with(list, &cursor).by(customer("c-42"))).await;
    refused(with(list, &cursor[1..])).await;
    refused(with(list, &cursor[..cursor.len() - 4])).await;
    for bad in ["", "x", "%00", "eyJ9", "WyJhIiwiYiJd", &"A".repeat(54), &"A".repeat(3000)] {
        refused(with(list, bad)).await;
    }
}

#[tokio::test]
async fn a_cursor_across_customers_is_valid_only_for_its_status_and_day_s14() {
    let (shop, _) = seven().await;
    let list = "/v1/orders?status=pending&placedOn=2026-11-23&limit=2";
    let first = shop.ask(Ask::get(list)).await;
    let cursor = first.body["nextCursor"].as_str().unwrap();
    assert_eq!(shop.ask(Ask::get(&format!("{list}&cursor={cursor}"))).await.status, 200);
    for other in [
        "/v1/orders?status=cancelled&placedOn=2026-11-23",
        "/v1/orders?status=pending&placedOn=2026-11-24",
        "/v1/orders?customerId=c-42",
        "/v1/orders?customerId=c-42&status=pending",
    ] {
        let ask = Ask::get(&format!("{other}&cursor={cursor}"));
        shop.refuses(ask, 400, "malformed-request").await;
    }
    let stranger = Ask::get(&format!("{list}&cursor={cursor}")).by(staff());
    shop.refuses(stranger, 400, "malformed-request").await;
}

#[tokio::test]
async fn a_cursor_with_any_byte_changed_is_refused_s14() {
    let (shop, _) = seven().await;
    let list = "/v1/orders?customerId=c-42&limit=2";
    let first = shop.ask(Ask::get(list)).await;
    let cursor = first.body["nextCursor"].as_str().unwrap();
    for place in 0..cursor.len() {
        let mut altered = cursor.as_bytes().to_vec();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        let answer = shop.ask(Ask::get(&format!("{list}&cursor={altered}"))).await;
        assert_eq!(answer.status, 400, "byte {place}");
    }
}
