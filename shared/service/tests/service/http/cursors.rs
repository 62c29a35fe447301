//! S14: the key that seals cursors: shared by all processes, made once, unguessable, never shown.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    Host, Payload, Row, RowKey, RowPage, RowQuery, Timestamp, ViewError, ViewStore,
    memory::MemoryViews,
};
use dekigoto_testkit::{RecordedCalls, UnreliableViews, ViewFault};
use tower::ServiceExt as _;

use crate::support::{Ask, Shop, router};

const LIST: &str = "/v1/orders?customerId=c-42&limit=1";

/// Two orders, so that a page of one order has a next page.
async fn two_orders() -> Shop {
    let shop = Shop::new();
    shop.placed("a").await;
    shop.placed("b").await;
    shop.follow().await;
    shop
}

fn key() -> RowKey {
    RowKey::new("cursor-key", "row")
}

/// The key's row in the store.
async fn stored(views: &MemoryViews) -> Option<Row> {
    views.read(&[key()]).await.unwrap().pop().flatten()
}

/// The same rows without the key.
async fn keyless(shop: &Shop) -> MemoryViews {
    let views = MemoryViews::new();
    for row in shop.views.dump().into_iter().filter(|row| row.key != key()) {
        views.write(&[Row { revision: 1, ..row }]).await.unwrap();
    }
    views
}

/// Another process on the same event store and these views.
fn process(shop: &Shop, views: Arc<dyn ViewStore>) -> Shop {
    shop.behind(Arc::new(shop.store.clone()), views)
}

/// The cursor of the first page. Retries while the answer says so.
async fn cursor(shop: &Shop) -> String {
    for _ in 0..4 {
        let answer = shop.ask(Ask::get(LIST)).await;
        if answer.status == 200 {
            return answer.body["nextCursor"].as_str().unwrap().to_owned();
        }
        answer.is_problem(LIST, 503, "unavailable");
    }
    panic!("too many retries");
}

async fn takes(shop: &Shop, cursor: &str) -> bool {
    let answer = shop.ask(Ask::get(&format!("{LIST}&cursor={cursor}"))).await;
    assert!([200, 400].contains(&answer.status), "{}", answer.text);
    answer.status == 200
}

/// Yields to other tasks before and after each call.
struct Slow {
    inner: Arc<dyn ViewStore>,
    turns: (usize, usize),
}

impl Slow {
    async fn wait(turns: usize) {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl ViewStore for Slow {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        Self::wait(self.turns.0).await;
        let rows = self.inner.read(keys).await;
        Self::wait(self.turns.1).await;
        rows
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        Self::wait(self.turns.0).await;
        let written = self.inner.write(rows).await;
        Self::wait(self.turns.1).await;
        written
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.inner.list(query).await
    }
}

#[tokio::test]
async fn racing_processes_agree_on_one_key_s14() {
    let all = [ViewFault::Conflicts, ViewFault::LosesReply, ViewFault::LosesRequest];
    let mut faults: Vec<Vec<ViewFault>> = vec![Vec::new()];
    faults.extend(all.iter().map(|fault| vec![*fault]));
    faults.extend(all.iter().flat_map(|one| all.iter().map(|other| vec![*one, *other])));
    let turns: Vec<(usize, usize)> = (0..3).flat_map(|a| (0..3).map(move |b| (a, b))).collect();
    let shop = two_orders().await;
    let (mut races, mut runs) = (0, 0);
    for faults in &faults {
        for (one, other) in turns.iter().flat_map(|one| turns.iter().map(move |other| (one, other)))
        {
            let rows = keyless(&shop).await;
            let views = UnreliableViews::new(rows.clone(), faults.clone());
            let slow =
                |turns: &(usize, usize)| Arc::new(Slow { inner: views.clone(), turns: *turns });
            let (one, other) = (process(&shop, slow(one)), process(&shop, slow(other)));
            let (first, second) = futures_util::future::join(cursor(&one), cursor(&other)).await;
            let what = format!("{faults:?}");
            assert!(takes(&one, &second).await && takes(&other, &first).await, "{what}");
            // A process that starts later uses the stored key.
            let later = process(&shop, Arc::new(rows.clone()));
            assert!(takes(&later, &first).await && takes(&later, &second).await, "{what}");
            assert_eq!(stored(&rows).await.unwrap().revision, 1, "{what}");
            let (_, writes) = views.take();
            races += usize::from(faults.is_empty() && writes == 2);
            runs += 1;
        }
    }
    assert_eq!(runs, 13 * 81);
    assert!(races > 10, "they raced {races} times");
}

#[tokio::test]
async fn a_process_reads_the_key_once_when_a_list_first_needs_it() {
    let shop = two_orders().await;
    let (store, views) = (Arc::new(shop.store.clone()), Arc::new(shop.views.clone()));
    let calls = RecordedCalls::of(store, views);
    let front = shop.behind(calls.clone(), calls.clone());
    let asked = async |path: &str| {
        front.ask(Ask::get(path)).await;
        calls.take()
    };
    let whole = "/v1/orders?customerId=c-42&limit=2";
    let first = ["get order-summary/generations", "list 2 of order-summary/customer"];
    assert_eq!(asked(whole).await, first);
    // Text that cannot be a cursor is refused before anything is read.
    for text in ["", "x", "%00", &"A".repeat(140), &"A".repeat(52)] {
        assert_eq!(asked(&format!("{whole}&cursor={text}")).await, [""; 0], "{text}");
    }
    let first = ["list 1 of order-summary/customer", "get cursor-key", "put cursor-key"];
    assert_eq!(asked(LIST).await, first);
    assert_eq!(asked(LIST).await, first[..1]);
    // The next process finds the key and makes none.
    let next = process(&shop, calls.clone());
    next.ask(Ask::get(LIST)).await;
    let found = ["get order-summary/generations", first[0], first[1]];
    assert_eq!(calls.take(), found);
}

#[tokio::test]
async fn older_cursors_get_400_with_advice_after_a_key_rotation_s14() {
    let shop = two_orders().await;
    let old = cursor(&shop).await;
    // The row is deleted, and the processes have restarted.
    let rest = keyless(&shop).await;
    let rotated = process(&shop, Arc::new(rest.clone()));
    let path = format!("{LIST}&cursor={old}");
    let answer = rotated.ask(Ask::get(&path)).await;
    answer.is_problem(&path, 400, "malformed-request");
    assert_eq!(answer.parameters(), ["cursor"]);
    assert!(answer.body["detail"].as_str().unwrap().contains("start again"), "{}", answer.text);
    let new = cursor(&rotated).await;
    assert!(takes(&rotated, &new).await && !takes(&shop, &new).await);
    assert_ne!(stored(&rest).await, stored(&shop.views).await);
}

#[tokio::test]
async fn a_damaged_key_gives_500_and_is_not_replaced_s17() {
    let short = "c2VjcmV0".to_owned();
    for body in [
        r#""secret""#,
        r#"{"key":7}"#,
        r#"{"key":"secret!"}"#,
        "{}",
        &format!(r#"{{"key":"{short}"}}"#),
    ] {
        let shop = two_orders().await;
        let body = Payload::from_text(body.to_owned()).unwrap();
        let row = Row { key: key(), revision: 4, body, indexes: Default::default() };
        for revision in 1..=row.revision {
            shop.views.write(&[Row { revision, ..row.clone() }]).await.unwrap();
        }
        let answer = shop.refuses(Ask::get(LIST), 500, "internal").await;
        assert!(!answer.text.contains(&short), "{}", answer.text);
        shop.refuses(Ask::get(&format!("{LIST}&cursor={}", "A".repeat(54))), 500, "internal").await;
        // Lists that need no cursor still work.
        let whole = shop.ask(Ask::get("/v1/orders?customerId=c-42")).await;
        assert_eq!(whole.status, 200);
    }
}

/// A host without randomness.
struct Stuck;

#[async_trait]
impl Host for Stuck {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self) -> uuid::Uuid {
        uuid::Uuid::nil()
    }

    async fn sleep(&self, _: Duration) {}

    async fn alarm(&self, _: Duration) {
        std::future::pending().await
    }
}

#[tokio::test]
async fn no_key_is_made_without_randomness_s14() {
    let shop = two_orders().await;
    let (store, views) = (Arc::new(shop.store.clone()), Arc::new(shop.views.clone()));
    let request = axum::http::Request::get(LIST).extension(crate::support::shop());
    let request = request.body(axum::body::Body::empty()).unwrap();
    let response = router(store, views, Arc::new(Stuck)).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(stored(&shop.views).await, None);
}
