//! A fake AWS account with a small bank in it. Only for tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Attribute, CommandKey, Commit, Context, Envelope, EventSchema as _, EventStore as _,
    Fingerprint, Head, Ports, Service, StreamId, Timestamp,
    memory::{ManualHost, MemoryStore, MemoryViews},
    relay,
    replay::ReplaySource,
    views::{Across, Single},
};
use serde_json::Value;

use crate::{
    cloud::{
        AlarmState, Cloud, FunctionState, Letter, Mapping, Metric, Move, QueueState, Stack,
        StreamPage, TableState,
    },
    desk::{Consent, Desk},
    failure::{Failure, Kind},
    fake_bank::{Account, Balances, Event, MoneyMoved, Moved},
    fake_screen::Lines,
    fake_stack::{active, mapping, stack},
    layout::Layout,
    out::Shown,
};

pub(crate) const NOW: &str = "2026-11-25T12:00:00.000Z";
const DAYS_14: Duration = Duration::from_secs(14 * 86_400);

/// What the fake account holds, and what was done to it.
#[derive(Default)]
pub(crate) struct Account0 {
    pub(crate) queues: BTreeMap<String, Vec<Letter>>,
    hidden: BTreeSet<String>,
    pub(crate) mappings: BTreeMap<String, Vec<Mapping>>,
    /// The answers of the next invocations.
    pub(crate) answers: Vec<Value>,
    /// The objects of S3, by bucket and key.
    pub(crate) objects: BTreeMap<String, Value>,
    pub(crate) images: Vec<Value>,
    pub(crate) alarms: Vec<AlarmState>,
    /// The sums of metrics, by name; the others have no data.
    pub(crate) metrics: BTreeMap<String, f64>,
    pub(crate) table: TableState,
    /// The event table, which every restored one equals.
    pub(crate) store: MemoryStore,
    /// The tables that were restored.
    pub(crate) restored: BTreeMap<String, TableState>,
    pub(crate) function: FunctionState,
    pub(crate) retention: Duration,
    /// Every change, in order.
    pub(crate) changes: Vec<String>,
    /// Calls that fail: a part of the change's text, and how often it succeeds before.
    pub(crate) fails: Vec<(String, u32)>,
    pub(crate) can_move: bool,
}

#[derive(Clone)]
pub(crate) struct FakeCloud(Arc<Mutex<Account0>>);

impl FakeCloud {
    pub(crate) fn state(&self) -> MutexGuard<'_, Account0> {
        self.0.lock().unwrap()
    }

    /// Records a change, or fails it.
    fn change(&self, text: String) -> Result<(), Failure> {
        let mut state = self.state();
        if let Some((_, left)) =
            state.fails.iter_mut().find(|(part, _)| text.contains(part.as_str()))
        {
            if *left == 0 {
                return Err(Failure::new(Kind::Unreachable, "AWS is gone", "try again"));
            }
            *left -= 1;
        }
        state.changes.push(text);
        Ok(())
    }

    /// The letters of a queue, whether hidden or not.
    pub(crate) fn bodies(&self, url: &str) -> Vec<String> {
        let state = self.state();
        state.queues.get(url).into_iter().flatten().map(|it| it.body.clone()).collect()
    }

    pub(crate) fn hidden(&self) -> usize {
        self.state().hidden.len()
    }

    /// Puts a dead letter into a queue.
    pub(crate) fn bury(&self, url: &str, body: &str, attributes: &[(&str, &str)]) {
        let attributes = attributes.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned()));
        let mut state = self.state();
        let letters = state.queues.entry(url.to_owned()).or_default();
        let id = format!("{url}-{}", letters.len());
        let sent_at = "2026-11-20T12:00:00.000Z".parse().ok();
        let (receipt, body) = (id.clone(), body.to_owned());
        letters.push(Letter { id, receipt, body, attributes: attributes.collect(), sent_at });
    }
}

fn missing(url: &str) -> Failure {
    Failure::new(Kind::NotFound, format!("{url} does not exist"), "deploy the stack again")
}

#[async_trait]
impl Cloud for FakeCloud {
    async fn caller(&self) -> Result<String, Failure> {
        Ok("arn:aws:iam::1:user/ann".to_owned())
    }

    async fn stack(&self) -> Result<Stack, Failure> {
        Ok(stack())
    }

    async fn queue(&self, url: &str) -> Result<QueueState, Failure> {
        let state = self.state();
        let letters = state.queues.get(url).ok_or_else(|| missing(url))?;
        let visible = letters.iter().filter(|it| !state.hidden.contains(&it.receipt)).count();
        let visible = u64::try_from(visible).unwrap();
        let arn = format!("arn:{url}");
        Ok(QueueState { arn, visible, in_flight: 0, retention: state.retention })
    }

    async fn receive(&self, url: &str, _: Duration) -> Result<Vec<Letter>, Failure> {
        let mut state = self.state();
        let letters = state.queues.get(url).ok_or_else(|| missing(url))?;
        let visible = letters.iter().filter(|it| !state.hidden.contains(&it.receipt));
        let page: Vec<Letter> = visible.take(10).cloned().collect();
        state.hidden.extend(page.iter().map(|it| it.receipt.clone()));
        Ok(page)
    }

    async fn release(&self, _: &str, receipt: &str) -> Result<(), Failure> {
        self.state().hidden.remove(receipt);
        Ok(())
    }

    async fn send(&self, url: &str, body: &str) -> Result<(), Failure> {
        self.change(format!("send {url}"))?;
        self.bury(url, body, &[]);
        Ok(())
    }

    async fn send_with(
        &self,
        url: &str,
        body: &str,
        attributes: &[(&str, Attribute)],
    ) -> Result<(), Failure> {
        self.change(format!("send {url}"))?;
        let texts: Vec<_> = attributes.iter().map(|(name, it)| (*name, it.to_string())).collect();
        let texts: Vec<_> = texts.iter().map(|(name, it)| (*name, it.as_str())).collect();
        self.bury(url, body, &texts);
        Ok(())
    }

    async fn delete(&self, url: &str, receipt: &str) -> Result<(), Failure> {
        self.change(format!("delete {receipt}"))?;
        let mut state = self.state();
        state.hidden.remove(receipt);
        state.queues.get_mut(url).unwrap().retain(|letter| letter.receipt != receipt);
        Ok(())
    }

    async fn move_all(&self, from: &str, to: &str, _: u32) -> Result<Move, Failure> {
        if !self.state().can_move {
            return Ok(Move::Unsupported);
        }
        let url = from.trim_start_matches("arn:");
        let (all, visible) = (self.bodies(url).len(), self.queue(url).await?.visible);
        assert_eq!(u64::try_from(all), Ok(visible), "SQS does not move hidden letters");
        self.change(format!("move {from} {to}"))?;
        Ok(Move::Started)
    }

    async fn mappings(&self, function: &str) -> Result<Vec<Mapping>, Failure> {
        Ok(self.state().mappings.get(function).cloned().unwrap_or_default())
    }

    async fn set_mapping(&self, id: &str, is_on: bool) -> Result<(), Failure> {
        self.change(format!("mapping {id} {is_on}"))?;
        for mapping in self.state().mappings.values_mut().flatten().filter(|it| it.id == id) {
            mapping.state = if is_on { "Enabled" } else { "Disabled" }.to_owned();
        }
        Ok(())
    }

    async fn invoke(&self, function: &str, payload: &Value) -> Result<Value, Failure> {
        self.change(format!("invoke {function} {payload}"))?;
        Ok(self.state().answers.remove(0))
    }

    async fn object(&self, bucket: &str, key: &str) -> Result<Value, Failure> {
        let at = format!("{bucket}/{key}");
        self.state().objects.get(&at).cloned().ok_or_else(|| missing(&at))
    }

    async fn function(&self, _: &str) -> Result<FunctionState, Failure> {
        Ok(self.state().function.clone())
    }

    async fn table(&self, name: &str) -> Result<TableState, Failure> {
        let state = self.state();
        match state.restored.get(name) {
            Some(table) => Ok(table.clone()),
            None if name.contains("restored") => Err(missing(name)),
            None => Ok(state.table.clone()),
        }
    }

    async fn restore_table(
        &self,
        source: &str,
        target: &str,
        at: Option<Timestamp>,
    ) -> Result<(), Failure> {
        let at = at.map_or_else(|| "latest".to_owned(), |at| at.to_string());
        self.change(format!("restore {source} {target} {at}"))?;
        self.state().restored.insert(target.to_owned(), active());
        Ok(())
    }

    async fn enable_stream(&self, table: &str) -> Result<(), Failure> {
        self.change(format!("stream {table}"))?;
        let stream = Some("arn:new-stream".to_owned());
        self.state().restored.entry(table.to_owned()).and_modify(|it| it.stream = stream);
        Ok(())
    }

    async fn enable_recovery(&self, table: &str) -> Result<(), Failure> {
        self.change(format!("recovery {table}"))
    }

    async fn export_table(
        &self,
        table: &str,
        bucket: &str,
        prefix: &str,
        at: Option<Timestamp>,
    ) -> Result<String, Failure> {
        let at = at.map(|at| format!(" as of {at}")).unwrap_or_default();
        self.change(format!("export {table} {bucket} {prefix}{at}"))?;
        Ok("arn:export".to_owned())
    }

    fn history(&self, _: &str) -> Result<Arc<dyn ReplaySource>, Failure> {
        Ok(Arc::new(self.state().store.clone()))
    }

    async fn alarms(&self, _: &str) -> Result<Vec<AlarmState>, Failure> {
        Ok(self.state().alarms.clone())
    }

    async fn concurrency(&self) -> Result<u64, Failure> {
        Ok(1000)
    }

    async fn metrics(
        &self,
        wanted: &[Metric],
        _: Timestamp,
        _: Duration,
    ) -> Result<Vec<Option<f64>>, Failure> {
        let metrics = &self.state().metrics;
        // The metrics of the service itself have its stack as a dimension, because other stacks write them too.
        let is_ours = |it: &&Metric| {
            it.namespace != "Dekigoto" || it.dimensions.iter().any(|(name, _)| *name == "service")
        };
        let value =
            |it: &Metric| Some(it).filter(is_ours).and_then(|it| metrics.get(&it.name)).copied();
        Ok(wanted.iter().map(value).collect())
    }

    async fn stream_ends(&self, _: &str) -> Result<Vec<String>, Failure> {
        Ok(vec!["end".to_owned()])
    }

    async fn stream_page(&self, places: &[String]) -> Result<StreamPage, Failure> {
        let images = std::mem::take(&mut self.state().images);
        Ok(StreamPage { images, next: places.to_vec() })
    }
}

/// The bank, deployed.
pub(crate) struct Bank {
    pub(crate) desk: Desk,
    pub(crate) cloud: FakeCloud,
    pub(crate) host: ManualHost,
    pub(crate) store: MemoryStore,
    pub(crate) views: MemoryViews,
    pub(crate) lines: Arc<Lines>,
}

impl Bank {
    pub(crate) fn new() -> Self {
        let (store, views) = (MemoryStore::new(), MemoryViews::new());
        let host = ManualHost::starting_at(NOW.parse().unwrap());
        let mut state = Account0 {
            retention: DAYS_14,
            can_move: true,
            store: store.clone(),
            ..Account0::default()
        };
        for (name, url) in stack().outputs {
            if name.ends_with("Url") {
                state.queues.insert(url.clone(), Vec::new());
            }
            if name.ends_with("FunctionName") {
                state.mappings.insert(format!("{url}:live"), vec![mapping(&url)]);
            }
        }
        let stream = Some("arn:stream".to_owned());
        state.table = TableState { stream, can_be_restored: true, is_protected: true, ..active() };
        let cloud = FakeCloud(Arc::new(Mutex::new(state)));
        let lines = Arc::new(Lines::default());
        let service = Service::new("bank").aggregate::<Account>((), relay::nothing);
        let desk = Desk {
            cloud: Arc::new(cloud.clone()),
            stack: stack(),
            layout: Layout::of(&stack()).unwrap(),
            ports: Ports {
                store: Arc::new(store.clone()),
                views: Arc::new(views.clone()),
                host: Arc::new(host.clone()),
            },
            eraser: Arc::new(views.clone()),
            history: Arc::new(store.clone()),
            service: service.view::<Single<Balances>>().view::<Across<MoneyMoved>>(),
            screen: lines.clone(),
            shown: Shown::Masked,
            consent: Consent::Dry,
        };
        Self { desk, cloud, host, store, views, lines }
    }

    /// The bank, with an operator who agrees to changes.
    pub(crate) fn agreed() -> Self {
        let mut bank = Self::new();
        bank.desk.consent = Consent::Given { why: "a test".to_owned() };
        bank
    }

    /// Deposits these amounts into an account, one commit each. Returns the events.
    pub(crate) async fn deposit(&self, id: &str, cents: &[u64]) -> Vec<Envelope> {
        let mut head = Head::empty(StreamId::new("Account", id).unwrap());
        let mut events = Vec::new();
        for (place, cents) in cents.iter().enumerate() {
            let event = Event::Deposited(Moved { cents: *cents }).encode().unwrap();
            let context = Context {
                at: NOW.parse().unwrap(),
                key: CommandKey::try_from(format!("key-{place}")).unwrap(),
                actor: "ann".to_owned(),
                correlation_id: "correlation".to_owned(),
                causation_id: None,
                traceparent: None,
            };
            let commit =
                Commit::after(&head, vec![event], context, Fingerprint::of(&["request"])).unwrap();
            self.store.append(&commit).await.unwrap();
            head = commit.head();
            events.extend(commit.envelopes());
        }
        events
    }

    /// Applies events to a view.
    pub(crate) async fn project(&self, view: &str, events: &[Envelope]) {
        let view = self.desk.service.view_named(view).unwrap();
        for event in events {
            let key = view.row_key(event).unwrap().unwrap();
            view.project(&self.desk.ports, &key, std::slice::from_ref(event)).await;
        }
    }

    /// What the journal says.
    pub(crate) async fn journal(&self) -> Vec<crate::cloud::Entry> {
        self.desk.journal().of_month(self.desk.now()).await.unwrap()
    }
}
