use dekigoto::{Envelope, Timestamp};
use serde_json::{Value, json};

use crate::{
    commands::{Replay, replay},
    failure::Kind,
    fake::Bank,
};

const QUEUE: &str = "arn:aws:sqs:eu-central-1:222222222222:newcomer";
const URL: &str = "https://sqs.eu-central-1.amazonaws.com/222222222222/newcomer";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn wanted() -> Replay {
    Replay {
        queue: QUEUE.to_owned(),
        from: at("2026-11-25T00:00:00Z"),
        types: Vec::new(),
        per_second: 50,
    }
}

/// A bank with five events, whose clock has gone on.
async fn bank(mut bank: Bank) -> Bank {
    bank.deposit("a", &[10, 20, 30]).await;
    bank.deposit("b", &[40, 50]).await;
    bank.host.advance(std::time::Duration::from_secs(60));
    bank.cloud.state().queues.insert(URL.to_owned(), Vec::new());
    bank.desk.stack.outputs.insert(
        "BalancesQueueUrl".to_owned(),
        "http://localhost:4566/000000000000/balances".to_owned(),
    );
    bank
}

fn sent(bank: &Bank) -> Vec<Value> {
    bank.cloud.bodies(URL).iter().map(|body| serde_json::from_str(body).unwrap()).collect()
}

#[tokio::test]
async fn history_goes_to_one_queue_in_the_order_of_each_stream_and_to_nobody_else() {
    let bank = bank(Bank::agreed()).await;
    let report = replay(&bank.desk, &wanted()).await.unwrap();
    assert_eq!(report.json()["events"], 5);
    let versions = |id: &str| -> Vec<u64> {
        let of = sent(&bank).into_iter().filter(|event| event["aggregateId"] == id);
        of.map(|event| event["version"].as_u64().unwrap()).collect()
    };
    assert_eq!((versions("a"), versions("b")), (vec![1, 2, 3], vec![1, 2]));
    let others = bank.cloud.state().changes.iter().any(|change| change != &format!("send {URL}"));
    assert!(!others, "only this queue: {:?}", bank.cloud.state().changes);
    assert!(report.text(false).contains("done: sent 5 events to"), "{}", report.text(false));
    assert_eq!(bank.journal().await[0].outcome, "sent 5 events");
}

#[tokio::test]
async fn a_replayed_message_is_what_the_topic_sends_and_is_marked_s17() {
    let bank = bank(Bank::agreed()).await;
    replay(&bank.desk, &wanted()).await.unwrap();
    let letter = bank.cloud.state().queues[URL][0].clone();
    assert_eq!(letter.attributes["replayed"], "true");
    assert_eq!(letter.attributes["eventType"], "Deposited");
    assert_eq!(letter.attributes["schemaVersion"], "1");
    let metadata = &sent(&bank)[0]["metadata"];
    assert_eq!(*metadata, json!({"correlationId": "correlation"}), "nothing internal");
}

#[tokio::test]
async fn only_events_of_the_wanted_time_and_types_are_sent() {
    let bank = bank(Bank::agreed()).await;
    let later = Replay { from: at("2026-11-25T12:00:00.001Z"), ..wanted() };
    assert_eq!(replay(&bank.desk, &later).await.unwrap().json()["events"], 0);
    let typed = Replay { types: vec!["Deposited".to_owned()], ..wanted() };
    assert_eq!(replay(&bank.desk, &typed).await.unwrap().json()["types"], json!({"Deposited": 5}));
}

#[tokio::test]
async fn an_event_of_another_type_or_of_after_the_beginning_is_left_to_the_subscription() {
    let bank = bank(Bank::agreed()).await;
    replay(&bank.desk, &wanted()).await.unwrap();
    let event: Envelope = serde_json::from_value(sent(&bank).remove(0)).unwrap();
    let wants = |types: &[&str], from, until| {
        let types = types.iter().map(|it| (*it).to_owned()).collect();
        Replay { types, from, ..wanted() }.wants(&event, until)
    };
    let (at, now) = (event.occurred_at, bank.desk.now());
    assert!(wants(&[], at, now) && wants(&["Withdrawn", "Deposited"], at, now));
    assert!(!wants(&["Withdrawn"], at, now));
    assert!(!wants(&[], at, at), "what happens from now on comes by the subscription");
}

#[tokio::test]
async fn a_replay_is_paced() {
    let bank = bank(Bank::agreed()).await;
    let began = bank.desk.now();
    replay(&bank.desk, &Replay { per_second: 2, ..wanted() }).await.unwrap();
    assert_eq!(bank.desk.now().as_millis() - began.as_millis(), 5 * 500);
}

#[tokio::test]
async fn a_dry_replay_counts_and_sends_nothing() {
    let bank = bank(Bank::new()).await;
    let report = replay(&bank.desk, &wanted()).await.unwrap();
    assert!(report.text(false).contains("5 events would be sent"), "{}", report.text(false));
    assert!(bank.cloud.state().changes.is_empty());
}

#[tokio::test]
async fn a_replay_that_fails_half_way_says_how_far_it_came() {
    let bank = bank(Bank::agreed()).await;
    bank.cloud.state().fails = vec![("send".to_owned(), 3)];
    let failure = replay(&bank.desk, &wanted()).await.unwrap_err().to_string();
    assert!(failure.starts_with("3 events were sent before this"), "{failure}");
    assert!(bank.journal().await[0].outcome.starts_with("failed"));
}

#[tokio::test]
async fn an_item_that_is_no_commit_is_left_out_and_needs_attention() {
    let bank = bank(Bank::agreed()).await;
    let mut broken = bank.store.dump()[0].clone();
    broken.pk = "Account#c".to_owned();
    broken.ev = "nonsense".to_owned();
    bank.store.put_raw(broken);
    let report = replay(&bank.desk, &wanted()).await.unwrap();
    assert!(report.needs_attention());
    assert_eq!((&report.json()["events"], &report.json()["corrupt"]), (&json!(5), &json!(1)));
}

#[tokio::test]
async fn what_is_no_subscribers_queue_or_no_event_is_refused_before_anything_is_sent() {
    let bank = bank(Bank::agreed()).await;
    let to = |queue: &str| Replay { queue: queue.to_owned(), ..wanted() };
    for (wanted, text) in [
        (to("newcomer"), "is no ARN of a queue"),
        (to("arn:aws:sns:eu-central-1:222222222222:topic"), "never to a topic"),
        (to("arn:aws:sqs::222222222222:newcomer"), "is no ARN of a queue"),
        (to("arn:aws:sqs:eu-central-1:000000000000:balances"), "is a queue of the stack bank"),
        (Replay { from: at("2027-01-01T00:00:00Z"), ..wanted() }, "is not in the past"),
        (Replay { types: vec!["Lost".to_owned()], ..wanted() }, "no event is called Lost"),
    ] {
        let failure = replay(&bank.desk, &wanted).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Argument, "{failure}");
        assert!(failure.to_string().contains(text), "{failure}");
    }
    assert!(bank.cloud.state().changes.is_empty());
}
