//! Parked records, as an operator sees them.

use super::OutboxSubject;

async fn park(subject: &dyn OutboxSubject, bodies: &[&str]) {
    for body in bodies {
        subject.parking().park(body, &format!("why {body}")).await.unwrap();
    }
}

pub(super) async fn records_are_listed_oldest_first_and_page_by_page(subject: &dyn OutboxSubject) {
    park(subject, &["a", "b", "c"]).await;
    let parking = subject.parking();
    let first = parking.list(0, 2).await.unwrap();
    let named = |page: &[dekigoto::Parked]| -> Vec<String> {
        page.iter().map(|it| format!("{} {}", it.body, it.reason)).collect()
    };
    assert_eq!(named(&first), ["a why a", "b why b"]);
    let rest = parking.list(first[1].id, 2).await.unwrap();
    assert_eq!(named(&rest), ["c why c"]);
    assert_eq!(parking.list(rest[0].id, 2).await.unwrap(), []);
}

pub(super) async fn a_discarded_record_is_gone_and_the_others_stay(subject: &dyn OutboxSubject) {
    park(subject, &["a", "b", "c"]).await;
    let parking = subject.parking();
    let second = parking.list(0, 10).await.unwrap()[1].id;
    parking.discard(second).await.unwrap();
    // Again: it is gone already.
    parking.discard(second).await.unwrap();
    let left: Vec<String> =
        parking.list(0, 10).await.unwrap().into_iter().map(|it| it.body).collect();
    assert_eq!(left, ["a", "c"]);
    park(subject, &["d"]).await;
    let last = parking.list(second, 10).await.unwrap();
    assert_eq!(last.last().map(|it| it.body.as_str()), Some("d"), "a number is never used again");
}

pub(super) async fn a_text_is_parked_once_under_its_key(subject: &dyn OutboxSubject) {
    let parking = subject.parking();
    for (key, body) in
        [("orders-0@6", "a"), ("orders-0@6", "a"), ("orders-0@7", "a"), ("orders-0@6", "b")]
    {
        parking.park_once(key, body, "why").await.unwrap();
    }
    park(subject, &["a", "a"]).await;
    let bodies = async || -> Vec<String> {
        parking.list(0, 10).await.unwrap().into_iter().map(|it| it.body).collect()
    };
    assert_eq!(bodies().await, ["a", "a", "b", "a", "a"]);
    // One that is gone is not kept any more, so it may be parked again.
    let first = parking.list(0, 1).await.unwrap()[0].id;
    parking.discard(first).await.unwrap();
    parking.park_once("orders-0@6", "a", "why").await.unwrap();
    assert_eq!(bodies().await, ["a", "b", "a", "a", "a"]);
}
