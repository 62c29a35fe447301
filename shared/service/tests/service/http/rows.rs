//! S8: an order is shown whatever became of its row: written by newer code, damaged, or not there yet.

use std::sync::Arc;

use dekigoto::Row;
use dekigoto_testkit::CountedStore;

use crate::support::{Ask, Shop};

/// Three orders, and the row of the second one with another body.
async fn with_a_row(change: impl Fn(&str) -> String) -> (Shop, [String; 3]) {
    let shop = Shop::new();
    let ids = [shop.placed("a").await, shop.placed("b").await, shop.placed("c").await];
    shop.follow().await;
    let place = format!("order-summary#{}", ids[1]);
    let mut row = shop.views.dump().into_iter().find(|row| row.key.partition == place).unwrap();
    let body = change(row.body.as_str());
    assert_ne!(body, row.body.as_str());
    row.body = Row::body_of(body.as_bytes());
    row.revision += 1;
    dekigoto::ViewStore::write(&shop.views, &[row]).await.unwrap();
    (shop, ids)
}

#[tokio::test]
async fn a_row_of_newer_code_or_a_damaged_one_is_answered_from_the_store() {
    let changes: [fn(&str) -> String; 5] = [
        // A status that this code does not know.
        |body| body.replace("\"pending\"", "\"returned\""),
        // A schema that this code does not know; the row looks readable.
        |body| body.replace("\"schema\":2", "\"schema\":9").replace("3000", "4000"),
        // A field that is gone.
        |body| body.replace(",\"paid\":{}", ""),
        |_| "[]".to_owned(),
        // No JSON.
        |body| body.replace('}', ""),
    ];
    for change in changes {
        let (shop, ids) = with_a_row(change).await;
        let order = shop.ask(Ask::get(&format!("/v1/orders/{}", ids[1]))).await;
        assert_eq!((order.status, order.header("served-from")), (200, Some("store")));
        assert_eq!(
            (&order.body["status"], &order.body["totalAmount"]),
            (&"pending".into(), &3000.into())
        );
        let list = shop.ask(Ask::get("/v1/orders?customerId=c-42")).await;
        let items = list.body["items"].as_array().unwrap();
        assert_eq!((list.status, items.len()), (200, 3), "{}", list.text);
        assert!(items.contains(&order.body), "{}", list.text);
    }
}

#[tokio::test]
async fn a_listed_order_that_nobody_can_read_does_not_hide_its_neighbours() {
    let (shop, ids) = with_a_row(|_| "[]".to_owned()).await;
    let mut items = shop.store.dump();
    let item = items.iter_mut().find(|item| item.pk.contains(&ids[1])).unwrap();
    item.ev = "[]".to_owned();
    shop.store.put_raw(item.clone());
    let list = shop.ask(Ask::get("/v1/orders?customerId=c-42")).await;
    assert_eq!((list.status, list.body["items"].as_array().map(Vec::len)), (200, Some(2)));
}

#[tokio::test]
async fn an_order_that_the_view_has_not_seen_costs_two_reads_of_the_store() {
    let counted: Arc<std::sync::OnceLock<Arc<CountedStore>>> = Arc::default();
    let keep = Arc::clone(&counted);
    let shop = Shop::on_store(move |store| {
        let store = Arc::new(CountedStore::new(Arc::new(store)));
        keep.get_or_init(|| store.clone());
        store
    });
    let id = shop.placed("k").await;
    let counted = counted.get().unwrap();
    let _ = counted.take();
    assert_eq!(shop.ask(Ask::get(&format!("/v1/orders/{id}"))).await.status, 200);
    assert_eq!(counted.take(), (0, 2, 1), "(appends, reads, commits)");
}
