//! What a real engine refuses, with its own messages.

use std::collections::BTreeMap;

use dekigoto::{
    AppendError, Commit, EventStore as _, Head, Payload, ReadError, ReadFrom, Row, RowKey,
    StoredCommit, ViewError, ViewStore as _, limits::ITEM_BYTES_MAX,
};
use dekigoto_dynamodb::{DynamoEventStore, DynamoViewStore};
use dekigoto_testkit::{commit, stream};

use crate::embedded;

/// No command can make such a commit, but a store must not rely on that.
#[tokio::test]
async fn a_commit_over_400_kb_is_too_large() {
    let service = embedded::service().await;
    let (client, _) = service.client_behind(&[]);
    let store = DynamoEventStore::new(client, service.event_table().await);
    let small = StoredCommit::from(&commit(&Head::empty(stream("a")), "key", &[1]));
    let padding = "x".repeat(ITEM_BYTES_MAX);
    let large = StoredCommit {
        ev: small.ev.replace("\"p\":{", &format!("\"p\":{{\"padding\":\"{padding}\",")),
        ..small
    };
    let large = Commit::try_from(large).unwrap();
    let refused = store.append(&large).await;
    assert!(matches!(refused, Err(AppendError::TooLarge(_))), "{refused:?}");
    let stored = store.read(&stream("a"), ReadFrom::Newest, 1).await.unwrap();
    assert_eq!(stored, []);
}

#[tokio::test]
async fn a_row_over_400_kb_is_broken_alone_and_in_a_transaction() {
    let service = embedded::service().await;
    let views = service.view_store().await;
    let row = |sort: &str, bytes| Row {
        key: RowKey::new("p", sort),
        revision: 1,
        body: Payload::of(&"x".repeat(bytes)).unwrap(),
        indexes: BTreeMap::new(),
    };
    let large = row("large", ITEM_BYTES_MAX);
    for rows in [vec![large.clone()], vec![row("small", 1), large]] {
        let refused = views.write(&rows).await;
        assert!(matches!(refused, Err(ViewError::Broken(_))), "{refused:?}");
    }
    let stored = views.read(&[RowKey::new("p", "small")]).await.unwrap();
    assert_eq!(stored, [None]);
}

#[tokio::test]
async fn a_missing_table_is_broken() {
    let service = embedded::service().await;
    let (client, _) = service.client_behind(&[]);
    let events = DynamoEventStore::new(client.clone(), "nowhere");
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    let appended = events.append(&first).await;
    assert!(matches!(appended, Err(AppendError::Broken(_))), "{appended:?}");
    let read = events.read(&stream("a"), ReadFrom::Newest, 1).await;
    assert!(matches!(read, Err(ReadError::Broken(_))), "{read:?}");
    let views = DynamoViewStore::new(client, "nowhere");
    let read = views.read(&[RowKey::new("p", "s")]).await;
    assert!(matches!(read, Err(ViewError::Broken(_))), "{read:?}");
}
