//! What is sent arrives, once and unchanged, or has an answer that says why not.

use dekigoto::limits::{BUS_BATCH_MAX, EVENT_BYTES_MAX};
use futures_util::future::join_all;

use super::{BusSubject, bodies, message, send_all, sorted};

/// A JSON body, as all bodies of the kit are.
fn json(number: usize) -> String {
    format!(r#"{{"number":{number}}}"#)
}

pub(super) async fn an_empty_batch_sends_nothing(subject: &dyn BusSubject) {
    let answers = subject.bus().send(&[]).await;
    // A service may refuse the call; nobody makes it.
    assert!(answers.is_err() || answers.unwrap().is_empty());
    assert_eq!(subject.arrived(0).await, []);
}

pub(super) async fn a_batch_has_one_answer_for_each_message_and_all_arrive(
    subject: &dyn BusSubject,
) {
    let batch: Vec<_> =
        (0..BUS_BATCH_MAX).map(|place| message(&format!("k{place}"), json(place))).collect();
    send_all(&*subject.bus(), &batch).await;
    let arrived = subject.arrived(BUS_BATCH_MAX).await;
    let expected: Vec<String> = (0..BUS_BATCH_MAX).map(json).collect();
    assert_eq!(sorted(bodies(&arrived)), expected);
}

pub(super) async fn bodies_arrive_byte_for_byte(subject: &dyn BusSubject) {
    let texts = [
        r#"{"text":"quotes \" and \\ and / and \u0001"}"#.to_owned(),
        "{\"text\":\"出来事 + & = % 🎉 \u{7f}\"}".to_owned(),
        "{ \"text\" :\t\"spaces and line ends\" }\n".to_owned(),
        format!(r#"{{"text":"{}"}}"#, "x".repeat(2 * EVENT_BYTES_MAX)),
    ];
    for text in &texts {
        send_all(&*subject.bus(), &[message("k", text.clone())]).await;
    }
    let arrived = subject.arrived(texts.len()).await;
    assert!(sorted(bodies(&arrived)) == sorted(texts.to_vec()), "a body was changed");
}

pub(super) async fn key_kind_and_attributes_arrive(subject: &dyn BusSubject) {
    send_all(&*subject.bus(), &[message("order-出来事", "{}")]).await;
    let [arrived] = <[_; 1]>::try_from(subject.arrived(1).await).unwrap();
    assert!(arrived.key.is_none_or(|key| key == "order-出来事"));
    assert!(arrived.kind.is_none_or(|kind| kind == "OrderPlaced"));
    let expected = [("eventType", "OrderPlaced"), ("schemaVersion", "2")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    if subject.promises().carries_attributes {
        assert_eq!(arrived.attributes, expected);
    }
}

pub(super) async fn the_messages_of_one_key_arrive_in_order(subject: &dyn BusSubject) {
    let (bus, count) = (subject.bus(), 6 * BUS_BATCH_MAX);
    let keys = ["a", "b", "c"];
    let messages: Vec<_> =
        (0..count).map(|place| message(keys[place % keys.len()], json(place))).collect();
    for batch in messages.chunks(BUS_BATCH_MAX) {
        send_all(&*bus, batch).await;
    }
    let arrived = subject.arrived(count).await;
    assert_eq!(arrived.len(), count);
    if !subject.promises().keeps_order {
        return;
    }
    for (place, key) in keys.iter().enumerate() {
        let of_key = arrived.iter().filter(|it| it.key.as_deref() == Some(*key));
        let of_key: Vec<String> = of_key.map(|it| it.body.clone()).collect();
        let expected: Vec<String> = (place..count).step_by(keys.len()).map(json).collect();
        assert_eq!(of_key, expected, "{key}");
    }
}

pub(super) async fn senders_at_the_same_time_lose_nothing(subject: &dyn BusSubject) {
    let bus = subject.bus();
    let batches: Vec<Vec<_>> = (0..20)
        .map(|batch| {
            let place = |place| batch * BUS_BATCH_MAX + place;
            (0..BUS_BATCH_MAX)
                .map(|it| message(&format!("k{}", it % 7), json(1000 + place(it))))
                .collect()
        })
        .collect();
    join_all(batches.iter().map(|batch| send_all(&*bus, batch))).await;
    let expected: Vec<String> = (0..20 * BUS_BATCH_MAX).map(|place| json(1000 + place)).collect();
    assert_eq!(sorted(bodies(&subject.arrived(expected.len()).await)), expected);
}

pub(super) async fn a_message_that_is_too_large_is_refused_for_good_and_its_neighbours_arrive(
    subject: &dyn BusSubject,
) {
    let Some(bytes) = subject.promises().body_bytes_refused else { return };
    let large = format!("\"{}\"", "x".repeat(bytes));
    let batch = [message("k", json(1)), message("k", large), message("k", json(2))];
    let answers = subject.bus().send(&batch).await.unwrap();
    assert_eq!((answers[0].is_ok(), answers[2].is_ok()), (true, true), "{answers:?}");
    let refused = answers[1].clone().unwrap_err();
    assert!(refused.for_good, "{refused}");
    assert!(!refused.code.contains("xxx"), "a reason must not show the message");
    assert_eq!(bodies(&subject.arrived(2).await), [json(1), json(2)]);
}

pub(super) async fn a_bus_that_is_not_there_refuses_nothing_for_good(subject: &dyn BusSubject) {
    let Some(missing) = subject.missing() else { return };
    match missing.send(&[message("k", json(1)), message("k", json(2))]).await {
        Ok(answers) => {
            assert_eq!(answers.len(), 2);
            for answer in answers {
                let refused = answer.unwrap_err();
                assert!(!refused.for_good, "{refused}");
            }
        }
        Err(cause) => assert!(!cause.to_string().is_empty()),
    }
    assert_eq!(subject.arrived(0).await, []);
}
