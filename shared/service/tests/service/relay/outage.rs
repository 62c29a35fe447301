//! Outages: the other target gets no duplicates, a hanging target costs one time-out, and every invocation ends in
//! time.

use std::{future::pending, sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    Bus, Commit, EventStore, Host as _, Message, Parking, Pointer, ReadError, ReadFrom, Refused,
    RetryQueue, Source, StreamId, Target, batch::Report,
};
use dekigoto_testkit::{BusAnswer, Down, ScriptedBus, VirtualHost};
use futures_util::FutureExt as _;

use super::{Outbox, down, placed, unreadable};
use crate::support::{Shop, delivered};

#[tokio::test]
async fn an_outage_of_one_target_sends_nothing_twice_to_the_other_l1() {
    for failing in [Target::Topic, Target::Bus] {
        let (shop, records) = placed(12).await;
        let well = ScriptedBus::reliable();
        let outbox = match failing {
            Target::Topic => Outbox::new(&shop, down(), well.clone()),
            Target::Bus => Outbox::new(&shop, well.clone(), down()),
        };
        assert_eq!(outbox.take(records).await.tally.applied, 12);
        let commits = shop.commits();
        let expected: Vec<Pointer> =
            commits.iter().map(|commit| Pointer::to(commit).only([failing])).collect();
        let pointers = outbox.retry.drain();
        assert_eq!(pointers, expected);
        // As many deliveries as the template allows.
        for _ in 0..100 {
            assert_eq!(outbox.retry(&[&pointers[0].text()]).await.failed, ["m0"]);
        }
        assert_eq!(well.taken().len(), 12, "{failing} is down: the other got events twice");
        // When both are up again, only the failed target gets the events.
        let again = Outbox::reliable(&shop);
        let bodies: Vec<String> = pointers.iter().map(Pointer::text).collect();
        let report = again.retry(&bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let other = if failing == Target::Topic { &again.bus } else { &again.topic };
        assert_eq!((report.tally.applied, other.taken().len()), (12, 0));
        assert_eq!(again.topic.taken().len() + again.bus.taken().len(), 12);
    }
}

/// A record that cannot be parked is delivered again with all after it, as often as the template allows.
#[tokio::test]
async fn an_outage_of_the_dead_letters_sends_no_event_twice_l1() {
    let (shop, mut records) = placed(12).await;
    records.insert(4, unreadable(None));
    let mut outbox = Outbox::reliable(&shop);
    let parking = std::mem::replace(&mut outbox.relay.parking, Arc::new(Down));
    assert_eq!(outbox.take(records.clone()).await.failed, ["m4"]);
    for _ in 0..100 {
        assert_eq!(outbox.take(records[4..].to_vec()).await.failed, ["m0"]);
    }
    outbox.relay.parking = parking;
    assert_eq!(outbox.take(records[4..].to_vec()).await.tally.applied, 8);
    assert_eq!(super::ids(&outbox.topic.taken()), super::all_ids(&shop));
    assert_eq!((outbox.bus.taken().len(), outbox.parking.dump().len()), (12, 1));
}

/// The pointer is in older code's form: it does not name the failed target.
#[tokio::test]
async fn a_pointer_of_older_code_is_replaced_by_one_that_names_its_target_l1() {
    let (shop, _) = placed(1).await;
    let pointer = Pointer::to(&shop.commits()[0]);
    let old = pointer.text().replace(r#","targets":["topic","bus"]"#, "");
    let outbox = Outbox::new(&shop, ScriptedBus::reliable(), down());
    assert_eq!(outbox.retry(&[&old]).await.tally.applied, 1);
    assert_eq!(outbox.retry.drain(), [pointer.only([Target::Bus])]);
    assert_eq!(outbox.topic.taken().len(), 1);
}

/// All services in one. Each call takes 10 ms, or never ends.
#[derive(Clone)]
struct Slow {
    host: VirtualHost,
    hangs: bool,
}

impl Slow {
    async fn call(&self) {
        if self.hangs {
            pending::<()>().await;
        }
        self.host.sleep(Duration::from_millis(10)).await;
    }
}

/// A bus whose calls fail after 5 s, as the AWS clients time out.
#[derive(Clone)]
struct TimesOut(VirtualHost);

#[async_trait]
impl Bus for TimesOut {
    async fn send(&self, _: &[Message]) -> BusAnswer {
        self.0.sleep(Duration::from_secs(5)).await;
        Err("timed out".into())
    }
}

#[async_trait]
impl Bus for Slow {
    async fn send(&self, batch: &[Message]) -> BusAnswer {
        self.call().await;
        Ok(vec![Ok(()); batch.len()])
    }
}

#[async_trait]
impl RetryQueue for Slow {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        self.call().await;
        Ok(vec![Ok(()); pointers.len()])
    }
}

#[async_trait]
impl Parking for Slow {
    async fn park(&self, _: &str, _: &str) -> Result<(), Source> {
        self.call().await;
        Ok(())
    }
}

/// A store whose reads take 10 ms, or never end.
struct SlowStore(Slow, Arc<dyn EventStore>);

#[async_trait]
impl EventStore for SlowStore {
    async fn append(&self, _: &Commit) -> Result<(), dekigoto::AppendError> {
        unimplemented!("the relay appends nothing")
    }

    async fn read(&self, of: &StreamId, from: ReadFrom, n: u32) -> Result<Vec<Commit>, ReadError> {
        self.0.call().await;
        self.1.read(of, from, n).await
    }
}

/// An outbox whose calls take 10 ms, this many orders, and the clock.
fn slow(orders: usize) -> (Shop, Outbox, VirtualHost) {
    let (shop, _) = placed(orders).now_or_never().expect("memory does not wait");
    let host = VirtualHost::default();
    let slow = Slow { host: host.clone(), hangs: false };
    let mut outbox = Outbox::reliable(&shop);
    outbox.relay.host = Arc::new(host.clone());
    outbox.relay.topic = Arc::new(slow.clone());
    outbox.relay.bus = Arc::new(slow.clone());
    outbox.relay.store = Arc::new(SlowStore(slow, Arc::new(shop.store.clone())));
    (shop, outbox, host)
}

fn bodies(shop: &Shop) -> Vec<String> {
    shop.commits().iter().map(|commit| Pointer::to(commit).text()).collect()
}

/// The time left of the publisher's minute.
fn minute(host: &VirtualHost) -> impl Fn() -> Duration + Sync {
    let host = host.clone();
    move || Duration::from_secs(60).saturating_sub(host.monotonic())
}

fn takes_stream(outbox: &Outbox, shop: &Shop, host: &VirtualHost) -> Report {
    let records = super::records(shop);
    host.run(outbox.relay.take_stream(delivered(&records), minute(host))).0
}

fn takes_retries(outbox: &Outbox, shop: &Shop, host: &VirtualHost) -> Report {
    host.run(outbox.relay.take_retries(delivered(&bodies(shop)), minute(host))).0
}

/// Without the circuit breaker, this took 41 s.
#[test]
fn a_target_that_times_out_costs_a_batch_one_time_out() {
    for failing in [Target::Topic, Target::Bus] {
        for from_stream in [true, false] {
            let (shop, mut outbox, host) = slow(if from_stream { 100 } else { 10 });
            match failing {
                Target::Topic => outbox.relay.topic = Arc::new(TimesOut(host.clone())),
                Target::Bus => outbox.relay.bus = Arc::new(TimesOut(host.clone())),
            }
            let report = match from_stream {
                true => takes_stream(&outbox, &shop, &host),
                false => takes_retries(&outbox, &shop, &host),
            };
            println!("{failing} times out, stream {from_stream}: {:?}", host.monotonic());
            assert_eq!(report.failed, [""; 0], "every commit waits in the retry queue");
            assert!(host.monotonic() < Duration::from_millis(5_500), "{:?}", host.monotonic());
            let waiting = outbox.retry.drain();
            assert_eq!(waiting.len(), report.tally.applied);
            assert!(waiting.iter().all(|pointer| pointer.targets == [failing].into()));
        }
    }
}

/// Whatever hangs, Lambda gets the report on every record before it ends the invocation.
#[test]
fn an_invocation_reports_in_time_whatever_hangs_s15() {
    for hanging in ["topic", "bus", "topic and bus", "store", "retry", "parking", "all"] {
        for from_stream in [true, false] {
            let (shop, mut outbox, host) = slow(if from_stream { 100 } else { 10 });
            let hangs = Slow { host: host.clone(), hangs: true };
            let is = |name: &str| hanging.contains(name) || hanging == "all";
            if is("topic") {
                outbox.relay.topic = Arc::new(hangs.clone());
            }
            if is("bus") {
                outbox.relay.bus = Arc::new(hangs.clone());
            }
            if is("store") {
                outbox.relay.store =
                    Arc::new(SlowStore(hangs.clone(), Arc::new(shop.store.clone())));
            }
            if is("retry") {
                // The retry queue is called only when a target fails.
                outbox.relay.bus = Arc::new(TimesOut(host.clone()));
                outbox.relay.retry = Arc::new(hangs.clone());
            }
            if is("parking") {
                outbox.relay.parking = Arc::new(hangs.clone());
            }
            let report = if from_stream {
                let mut records = super::records(&shop);
                records.push(unreadable(None));
                host.run(outbox.relay.take_stream(delivered(&records), minute(&host))).0
            } else {
                let mut bodies = bodies(&shop);
                bodies.extend(["not a pointer".to_owned(), "nor this".to_owned()]);
                host.run(outbox.relay.take_retries(delivered(&bodies), minute(&host))).0
            };
            let took = host.monotonic();
            println!("{hanging} hangs, stream {from_stream}: {took:?}, {}", report.tally);
            assert!(took < Duration::from_secs(20), "{hanging}: {took:?}");
            assert_eq!(report.tally.total(), if from_stream { 101 } else { 12 });
        }
    }
}

/// With little time left, records that cannot be settled are reported in time.
#[test]
fn an_invocation_with_little_time_left_reports_in_time_s15() {
    for millis in [600, 1_000, 2_000, 5_000] {
        let (shop, mut outbox, host) = slow(30);
        let hangs = Slow { host: host.clone(), hangs: true };
        outbox.relay.bus = Arc::new(hangs.clone());
        outbox.relay.retry = Arc::new(hangs);
        let clock = host.clone();
        let time_left = || Duration::from_millis(millis).saturating_sub(clock.monotonic());
        let records = super::records(&shop);
        let report = host.run(outbox.relay.take_stream(delivered(&records), time_left)).0;
        assert!(time_left() >= Duration::from_millis(100), "{millis}: {:?} left", time_left());
        assert_eq!((report.failed, report.tally.retried), (vec!["m0".to_owned()], 30));
    }
}

/// A call that fails quickly is repeated. Three such failures in a row count as an outage.
#[tokio::test]
async fn three_quick_failures_in_a_row_are_an_outage_and_one_is_not_l1() {
    let (shop, records) = placed(100).await;
    let blip = ScriptedBus::new(|call, batch| match call {
        0 | 5 => Err("reset".into()),
        _ => Ok(vec![Ok(()); batch.len()]),
    });
    let outbox = Outbox::new(&shop, ScriptedBus::reliable(), blip);
    outbox.take(records.clone()).await;
    assert_eq!((outbox.bus.taken().len(), outbox.retry.drain().len()), (100, 0));
    for answer in [|_: &[Message]| Err("refused".into()), all_refused] {
        let bus = ScriptedBus::new(move |_, batch| answer(batch));
        let outbox = Outbox::new(&shop, ScriptedBus::reliable(), bus);
        outbox.take(records.clone()).await;
        assert_eq!(outbox.retry.drain().len(), 100);
        let calls = outbox.bus.calls().len();
        assert!(calls <= 10, "{calls} calls to a bus that is down");
    }
}

/// During an outage, a bus may answer 200 and refuse every entry.
fn all_refused(batch: &[Message]) -> BusAnswer {
    ScriptedBus::refusing(batch, false, |_| true)
}

#[tokio::test]
async fn ten_pointers_take_one_call_to_each_target() {
    let (shop, _) = placed(10).await;
    let outbox = Outbox::reliable(&shop);
    let bodies = bodies(&shop);
    let report = outbox.retry(&bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(report.tally.applied, 10);
    assert_eq!((outbox.topic.calls().len(), outbox.bus.calls().len()), (1, 1));
}

/// Each call takes 10 ms. Pointers of a batch are read in parallel and sent together.
#[test]
fn ten_workers_publish_a_thousand_commits_per_second_from_the_retry_queue() {
    let (shop, outbox, host) = slow(10);
    assert_eq!(takes_retries(&outbox, &shop, &host).tally.applied, 10);
    let together = host.monotonic();
    let (shop, outbox, host) = slow(10);
    for body in bodies(&shop) {
        let one = delivered(&[body]);
        assert_eq!(host.run(outbox.relay.take_retries(one, minute(&host))).0.tally.applied, 1);
    }
    let one_by_one = host.monotonic();
    let per_second = |time: Duration, workers: f64| workers * 10.0 / time.as_secs_f64();
    println!(
        "ten pointers: {together:?} together, {one_by_one:?} one by one ({:.0} times); \
         {:.0} commits/s by 10 workers, {:.0} by 2 before",
        one_by_one.as_secs_f64() / together.as_secs_f64(),
        per_second(together, 10.0),
        per_second(one_by_one, 2.0),
    );
    assert!(per_second(together, 10.0) >= 1_000.0);
}
