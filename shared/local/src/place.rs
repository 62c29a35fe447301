//! The running process, as the operator's commands see it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{Attribute, relay::Relay, replay::ReplaySource};
use dekigoto::{Host, Parked, ParkedRecords, Pointer, Timestamp, outbox::Outbox, relay::Window};
use dekigoto_ops::{
    Failure, Kind,
    cloud::{
        AlarmState, Cloud, FunctionState, Letter, Mapping, Metric, Move, QueueState, Stack,
        StreamPage, TableState,
    },
};
use serde_json::{Value, json};

use crate::{parked::owner, recent::Recent, topic::Subscriber};

/// The publisher, its outbox, and its dead letters.
pub(crate) const PUBLISHER: &str = "publisher";

/// The queue of rebuilds.
pub(crate) const REBUILD: &str = "rebuild";

/// What stands after a name in the place of its dead letters.
const DEAD: &str = "/dead";

/// Letters that one call receives, as from SQS.
const LETTERS_PER_CALL: usize = 10;

/// Parked records that one read lists.
const PARKED_PER_READ: u32 = 200;

/// Time of one call that publishes again.
const REPUBLISH_TIME: Duration = Duration::from_secs(60);

/// The place of a running system. It has one delivery: the relay hands each message to every view and policy.
pub(crate) struct Place {
    pub(crate) consumers: Vec<Subscriber>,
    pub(crate) relay: Relay,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) parking: Arc<dyn ParkedRecords>,
    pub(crate) history: Arc<dyn ReplaySource>,
    pub(crate) recent: Recent,
    pub(crate) host: Arc<dyn Host>,
    /// Whether the relay waits for an operator.
    pub(crate) is_paused: Arc<AtomicBool>,
    /// The letters that a command works on, until a time of the host's monotonic clock.
    pub(crate) hidden: Mutex<BTreeMap<i64, Duration>>,
}

impl Place {
    /// The stack that a deployment of this service would have.
    pub(crate) fn stack(&self) -> Stack {
        let mut outputs = BTreeMap::new();
        let mut add = |name: &str, value: &str| outputs.insert(name.to_owned(), value.to_owned());
        add("EventTableName", "events");
        add("ViewTableName", "views");
        add("PublisherFunctionName", PUBLISHER);
        add("PublisherRetryQueueUrl", PUBLISHER);
        add("RebuildQueueUrl", REBUILD);
        add("PublisherDlqUrl", &format!("{PUBLISHER}{DEAD}"));
        for name in self.names() {
            let word = pascal(name);
            add(&format!("{word}QueueUrl"), name);
            add(&format!("{word}DlqUrl"), &format!("{name}{DEAD}"));
            add(&format!("{word}FunctionName"), name);
        }
        let (name, status) = ("one process".to_owned(), "RUNNING".to_owned());
        Stack { name, status, outputs, parameters: BTreeMap::new() }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.consumers.iter().map(Subscriber::consumer)
    }

    /// The names that may stand in front of a reason.
    fn owners(&self) -> impl Iterator<Item = &str> {
        self.names().chain([PUBLISHER])
    }

    fn consumer(&self, name: &str) -> Result<&Subscriber, Failure> {
        let found = self.consumers.iter().find(|it| it.consumer() == name);
        found.ok_or_else(|| {
            let known: Vec<&str> = self.names().collect();
            Failure::argument(
                format!("nothing here is called {name}"),
                format!("choose one of {}", known.join(", ")),
            )
        })
    }

    /// The parked records of a view, a policy or the publisher.
    async fn dead(&self, name: &str) -> Result<Vec<Parked>, Failure> {
        let mut dead = Vec::new();
        let mut after = 0;
        loop {
            let page =
                self.parking.list(after, PARKED_PER_READ).await.map_err(|it| broken(&*it))?;
            let Some(last) = page.last() else { return Ok(dead) };
            after = last.id;
            let is_its =
                |it: &Parked| owner(&it.reason, self.owners()).0.unwrap_or(PUBLISHER) == name;
            dead.extend(page.into_iter().filter(is_its));
        }
    }

    fn hidden(&self) -> MutexGuard<'_, BTreeMap<i64, Duration>> {
        let now = self.host.monotonic();
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.retain(|_, until| *until > now);
        hidden
    }
}

#[async_trait]
impl Cloud for Place {
    fn is_one_process(&self) -> bool {
        true
    }

    async fn caller(&self) -> Result<String, Failure> {
        Ok("somebody on this machine".to_owned())
    }

    async fn stack(&self) -> Result<Stack, Failure> {
        Ok(self.stack())
    }

    async fn queue(&self, url: &str) -> Result<QueueState, Failure> {
        let (visible, in_flight) = if let Some(name) = url.strip_suffix(DEAD) {
            let dead = self.dead(name).await?;
            let hidden = self.hidden();
            let in_flight = dead.iter().filter(|it| hidden.contains_key(&it.id)).count();
            (dead.len().saturating_sub(in_flight), in_flight)
        } else if url == PUBLISHER {
            let waiting = self.outbox.waiting().await.map_err(|it| broken(&*it))?;
            (usize::try_from(waiting).unwrap_or(usize::MAX), 0)
        } else if url == REBUILD {
            // The process looks by itself for a rebuild that was begun.
            (0, 0)
        } else {
            // A message that a view has not handled yet waits in the outbox.
            self.consumer(url).map(|_| (0, 0))?
        };
        let count = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
        Ok(QueueState {
            arn: url.to_owned(),
            visible: count(visible),
            in_flight: count(in_flight),
            retention: Duration::MAX,
        })
    }

    async fn receive(&self, url: &str, hide: Duration) -> Result<Vec<Letter>, Failure> {
        let Some(name) = url.strip_suffix(DEAD) else { return Ok(Vec::new()) };
        let dead = self.dead(name).await?;
        let until = self.host.monotonic().saturating_add(hide);
        let mut hidden = self.hidden();
        let visible: Vec<Parked> =
            dead.into_iter().filter(|it| !hidden.contains_key(&it.id)).collect();
        let received = visible.into_iter().take(LETTERS_PER_CALL).map(|it| {
            hidden.insert(it.id, until);
            let (_, reason) = owner(&it.reason, self.owners());
            Letter {
                id: it.id.to_string(),
                receipt: it.id.to_string(),
                attributes: [("reason".to_owned(), reason.to_owned())].into(),
                body: it.body,
                sent_at: None,
            }
        });
        Ok(received.collect())
    }

    async fn release(&self, _: &str, receipt: &str) -> Result<(), Failure> {
        self.hidden().remove(&number(receipt)?);
        Ok(())
    }

    async fn send(&self, url: &str, body: &str) -> Result<(), Failure> {
        if url == PUBLISHER {
            let pointer: Pointer = serde_json::from_str(body)
                .map_err(|_| Failure::argument("the body is no pointer", "republish its stream"))?;
            let put = self.outbox.put(&[pointer]).await.map_err(|it| broken(&*it))?;
            return put.into_iter().next().unwrap_or(Ok(())).map_err(|it| refused(&it.code));
        }
        if url == REBUILD {
            return Ok(());
        }
        self.consumer(url)?.apply(body).await.map_err(|it| refused(&it.code))
    }

    async fn send_with(&self, url: &str, _: &str, _: &[(&str, Attribute)]) -> Result<(), Failure> {
        let what = format!("one process has no queue {url}");
        Err(Failure::new(Kind::Unsupported, what, "replay to a queue of a deployed stack"))
    }

    async fn delete(&self, _: &str, receipt: &str) -> Result<(), Failure> {
        self.parking.discard(number(receipt)?).await.map_err(|it| broken(&*it))
    }

    async fn move_all(&self, _: &str, _: &str, _: u32) -> Result<Move, Failure> {
        Ok(Move::Unsupported)
    }

    async fn mappings(&self, function: &str) -> Result<Vec<Mapping>, Failure> {
        let is_off = function == PUBLISHER && self.is_paused.load(Relaxed);
        Ok(vec![Mapping {
            id: function.to_owned(),
            source: function.to_owned(),
            state: if is_off { "Disabled" } else { "Enabled" }.to_owned(),
            last_result: String::new(),
        }])
    }

    async fn set_mapping(&self, id: &str, is_on: bool) -> Result<(), Failure> {
        if id == PUBLISHER {
            self.is_paused.store(!is_on, Relaxed);
            return Ok(());
        }
        let what = format!("{id} has no delivery of its own in one process");
        Err(Failure::new(Kind::Unsupported, what, "pause or resume publisher, which feeds all"))
    }

    async fn invoke(&self, _: &str, payload: &Value) -> Result<Value, Failure> {
        let window = payload.get("republish").cloned().unwrap_or_default();
        let window: Window = serde_json::from_value(window)
            .map_err(|_| Failure::argument("no time window is named", "give --from and --to"))?;
        let end = self.host.monotonic().saturating_add(REPUBLISH_TIME);
        let left = || end.saturating_sub(self.host.monotonic());
        Ok(json!(self.relay.republish(&*self.history, &window, left).await))
    }

    async fn function(&self, name: &str) -> Result<FunctionState, Failure> {
        let view = self.names().find(|it| *it == name && !it.ends_with("-policy"));
        let view = view.map(|view| ("VIEW".to_owned(), view.to_owned()));
        let (code, state) = ("this process".to_owned(), "Active".to_owned());
        let variables = view.into_iter().collect();
        Ok(FunctionState { code, state, variables, ..FunctionState::default() })
    }

    async fn table(&self, _: &str) -> Result<TableState, Failure> {
        let stream = Some("commits".to_owned());
        Ok(TableState { stream, ..TableState::default() })
    }

    async fn alarms(&self, _: &str) -> Result<Vec<AlarmState>, Failure> {
        Ok(Vec::new())
    }

    async fn concurrency(&self) -> Result<u64, Failure> {
        Ok(0)
    }

    async fn metrics(
        &self,
        wanted: &[Metric],
        _: Timestamp,
        _: Duration,
    ) -> Result<Vec<Option<f64>>, Failure> {
        Ok(vec![None; wanted.len()])
    }

    async fn stream_ends(&self, _: &str) -> Result<Vec<String>, Failure> {
        Ok(vec![self.recent.end().to_string()])
    }

    async fn stream_recent(&self, _: &str) -> Result<Vec<String>, Failure> {
        self.recent.remember(&*self.history).await.map_err(|it| broken(&*it))?;
        Ok(vec![0.to_string()])
    }

    async fn stream_page(&self, places: &[String]) -> Result<StreamPage, Failure> {
        let from = places.first().and_then(|it| it.parse().ok()).unwrap_or_default();
        let (images, next) = self.recent.after(from);
        Ok(StreamPage { images, next: vec![next.to_string()] })
    }
}

fn number(receipt: &str) -> Result<i64, Failure> {
    receipt.parse().map_err(|_| Failure::argument("that is no letter", "list them again"))
}

fn broken(cause: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::new(Kind::Unreachable, format!("the store does not answer ({cause})"), "try again")
}

fn refused(reason: &str) -> Failure {
    Failure::new(Kind::Refused, format!("it was not handled ({reason})"), "mend the cause first")
}

/// `order-summary` as `OrderSummary`.
fn pascal(name: &str) -> String {
    let mut text = String::new();
    for word in name.split('-') {
        let mut chars = word.chars();
        text.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        text.extend(chars);
    }
    text
}
