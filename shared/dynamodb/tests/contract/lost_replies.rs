//! Lost replies between a real engine and the SDK, which retries by itself.

use dekigoto::{AppendError, Commit, EventStore as _, Head, ReadFrom};
use dekigoto_dynamodb::DynamoEventStore;
use dekigoto_testkit::{
    aws::Reply::{self, CarriedOut, CarriedOutAndLost, Lost},
    commit, stream,
};

use crate::embedded;

/// Appends one commit through a scripted network. Returns the result, the number of requests, and what is stored.
async fn append_through(replies: &[Reply]) -> (Result<(), AppendError>, usize, Vec<Commit>) {
    let service = embedded::service().await;
    let table = service.event_table().await;
    let (client, network) = service.client_behind(replies);
    let store = DynamoEventStore::new(client, table);
    let first = commit(&Head::empty(stream("a")), "key", &[1, 2]);
    let outcome = store.append(&first).await;
    let sent = network.requests().len();
    let stored = store.read(&stream("a"), ReadFrom::Newest, 10).await.unwrap();
    assert!(stored.iter().all(|commit| *commit == first));
    (outcome, sent, stored)
}

#[tokio::test]
async fn an_append_whose_reply_was_lost_succeeds_on_retry_s3() {
    let (outcome, sent, stored) = append_through(&[CarriedOutAndLost]).await;
    outcome.unwrap();
    assert_eq!((sent, stored.len()), (2, 1));
}

#[tokio::test]
async fn an_append_whose_request_was_lost_is_retried_s3() {
    let (outcome, sent, stored) = append_through(&[Lost, Lost, CarriedOut]).await;
    outcome.unwrap();
    assert_eq!((sent, stored.len()), (3, 1));
}

#[tokio::test]
async fn an_append_without_any_reply_is_unknown_whether_it_was_stored_or_not_s4() {
    let (outcome, sent, stored) = append_through(&[CarriedOutAndLost, Lost, Lost]).await;
    assert!(matches!(outcome, Err(AppendError::Unknown(_))), "{outcome:?}");
    assert_eq!((sent, stored.len()), (3, 1));

    let (outcome, sent, stored) = append_through(&[Lost, Lost, Lost]).await;
    assert!(matches!(outcome, Err(AppendError::Unknown(_))), "{outcome:?}");
    assert_eq!((sent, stored.len()), (3, 0));
}
