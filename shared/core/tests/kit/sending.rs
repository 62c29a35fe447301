//! Every entry's result is checked, and only failed entries are sent again (s7, l1).

use std::time::Duration;

use dekigoto::{
    Attribute, Host as _, Message, Timestamp,
    limits::{BUS_BATCH_BYTES_MAX, EVENT_BYTES_MAX},
    relay::{Circuit, Failures, SENDS_PER_MESSAGE_MAX, send_all},
};
use dekigoto_testkit::{Down, ScriptedBus, still_host};

fn message(body: impl Into<String>) -> Message {
    Message {
        key: "key".to_owned(),
        body: body.into(),
        attributes: vec![("eventType", Attribute::Text("Added".to_owned()))],
        kind: "Added".to_owned(),
        at: Timestamp::EPOCH,
    }
}

fn messages(count: usize) -> Vec<Message> {
    (0..count).map(|place| message(place.to_string())).collect()
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| &*message.body).collect()
}

async fn send(bus: &dyn dekigoto::Bus, messages: &[Message]) -> Failures {
    send_all(bus, &Circuit::default(), &still_host(), messages, &|| Duration::from_secs(30)).await
}

fn sent(failures: &Failures) -> Vec<bool> {
    failures.iter().map(Option::is_none).collect()
}

#[tokio::test]
async fn a_thousand_messages_take_a_hundred_calls() {
    let bus = ScriptedBus::reliable();
    let failures = send(&*bus, &messages(1000)).await;
    assert_eq!(sent(&failures), vec![true; 1000]);
    assert_eq!(bus.calls().iter().map(Vec::len).collect::<Vec<_>>(), vec![10; 100]);
    assert_eq!(bus.taken(), messages(1000));
}

#[tokio::test]
async fn an_empty_list_makes_no_call() {
    let bus = ScriptedBus::reliable();
    assert!(send(&*bus, &[]).await.is_empty() && bus.calls().is_empty());
}

#[tokio::test]
async fn no_call_exceeds_the_byte_limit_of_the_bus_s16() {
    let bus = ScriptedBus::reliable();
    let large = vec![message("x".repeat(EVENT_BYTES_MAX)); 7];
    send(&*bus, &large).await;
    assert_eq!(bus.calls().iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 1]);
    for call in bus.calls() {
        assert!(call.iter().map(Message::size_bytes).sum::<usize>() <= BUS_BATCH_BYTES_MAX);
    }
}

#[tokio::test]
async fn an_oversized_message_is_sent_alone() {
    let bus = ScriptedBus::reliable();
    let batch = [message("a"), message("x".repeat(BUS_BATCH_BYTES_MAX)), message("b")];
    send(&*bus, &batch).await;
    assert_eq!(bus.calls().iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
}

#[tokio::test]
async fn only_refused_entries_are_sent_again_in_order() {
    let bus = ScriptedBus::new(|call, batch| {
        ScriptedBus::refusing(batch, false, |it| call == 0 && ["2", "5", "9"].contains(&&*it.body))
    });
    let failures = send(&*bus, &messages(10)).await;
    assert_eq!(sent(&failures), vec![true; 10]);
    let calls = bus.calls();
    assert_eq!((calls.len(), bodies(&calls[1])), (2, vec!["2", "5", "9"]));
}

#[tokio::test]
async fn a_permanent_refusal_is_reported_and_not_sent_again() {
    let bus = ScriptedBus::new(|_, batch| ScriptedBus::refusing(batch, true, |it| it.body == "1"));
    let failures = send(&*bus, &messages(3)).await;
    assert_eq!(sent(&failures), [true, false, true]);
    let failure = failures[1].as_ref().unwrap();
    assert!(failure.for_good && failure.reason == "NotToday");
    assert_eq!(bus.calls().len(), 1);
}

#[tokio::test]
async fn a_missing_result_counts_as_a_failure_s7() {
    // The bus returns results for the first seven of ten, then for none.
    let bus = ScriptedBus::new(|call, _| Ok(vec![Ok(()); if call == 0 { 7 } else { 0 }]));
    let failures = send(&*bus, &messages(10)).await;
    assert_eq!(sent(&failures), [vec![true; 7], vec![false; 3]].concat());
    assert_eq!(bodies(&bus.calls()[1]), ["7", "8", "9"]);
}

#[tokio::test]
async fn surplus_results_are_ignored() {
    let bus = ScriptedBus::new(|_, batch| Ok(vec![Ok(()); batch.len() + 3]));
    assert_eq!(sent(&send(&*bus, &messages(4)).await), vec![true; 4]);
}

#[tokio::test]
async fn a_failed_call_is_repeated_l1() {
    let bus = ScriptedBus::new(|call, batch| match call {
        0 => Err("no reply".into()),
        _ => Ok(vec![Ok(()); batch.len()]),
    });
    assert_eq!(sent(&send(&*bus, &messages(5)).await), vec![true; 5]);
    assert_eq!(bus.calls()[0], bus.calls()[1]);
}

#[tokio::test]
async fn a_failing_batch_does_not_stop_the_others() {
    let bus =
        ScriptedBus::new(|_, batch| ScriptedBus::refusing(batch, false, |it| it.body == "13"));
    let failures = send(&*bus, &messages(30)).await;
    assert_eq!(failures.iter().filter(|failure| failure.is_some()).count(), 1);
    assert!(failures[13].is_some());
    let sends = bus.calls().iter().flatten().filter(|it| it.body == "13").count();
    assert_eq!(sends, usize::try_from(SENDS_PER_MESSAGE_MAX).unwrap());
}

#[tokio::test]
async fn retries_stop_before_the_time_runs_out() {
    let host = still_host();
    let time_left = || Duration::from_secs(1).saturating_sub(host.monotonic());
    let failures = send_all(&Down, &Circuit::default(), &host, &messages(3), &time_left).await;
    assert_eq!(sent(&failures), [false; 3]);
    assert!(time_left() >= Duration::from_millis(500), "{:?} left", time_left());
}

#[tokio::test]
async fn no_call_begins_when_no_time_is_left_l6() {
    // Each call takes two of the thirty seconds.
    let host = std::sync::Arc::new(still_host());
    let clock = std::sync::Arc::clone(&host);
    let bus = ScriptedBus::new(move |_, batch| {
        let taking = clock.sleep(Duration::from_secs(2));
        futures_util::FutureExt::now_or_never(taking);
        Ok(vec![Ok(()); batch.len()])
    });
    let time_left = || Duration::from_secs(30).saturating_sub(host.monotonic());
    let failures = send_all(&*bus, &Circuit::default(), &*host, &messages(300), &time_left).await;
    assert_eq!(bus.calls().len(), 15);
    assert_eq!(sent(&failures), [vec![true; 150], vec![false; 150]].concat());
    assert!(failures.iter().flatten().all(|failure| !failure.for_good));
}
