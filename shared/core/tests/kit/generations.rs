//! A rebuilt generation equals the fold of the whole store, whatever happens during the rebuild (s13).

use std::{sync::Arc, time::Duration};

use dekigoto::{
    Envelope, EventStore as _, Host as _, Ordinal, Ports, ReadFrom, RowKey, StoredCommit,
    ViewStore as _,
    batch::Delivered,
    generations::{
        DROP_AFTER, Despite, Generation, GenerationError, LIVE_TIME_MAX, LiveGenerations, Plan,
        Rebuilder, RowsOf, Segment, Step, end_drop, erase_all, generations_of, in_generation,
        preview, progress_of, take,
    },
    memory::{ManualHost, MemoryParking},
    views::{
        Across, AcrossView, AnyView, Extent, Fold, Marked, Projector, Single, SingleView, View,
    },
};
use dekigoto_testkit::{still_host, stream};

use crate::{
    cut::{Behind, CUTS, Cut, Messages, Scissors},
    support::{Entry, Faulty, Log},
};

/// The versions that a row has folded.
struct Versions;

impl View for Versions {
    type Row = Vec<u64>;
    type Folds = (Log,);
    const NAME: &'static str = "versions";
}

impl Fold<Log> for Versions {
    fn fold(row: &mut Vec<u64>, _: &Entry<false>, envelope: &Envelope) {
        row.push(envelope.version.get());
    }
}

impl SingleView for Versions {}

/// How many events there are.
struct Total;

impl View for Total {
    type Row = u64;
    type Folds = (Log,);
    const NAME: &'static str = "total";
}

impl Fold<Log> for Total {
    fn row_key(_: &Entry<false>, _: &Envelope) -> Option<RowKey> {
        Some(RowKey::only("total", "all"))
    }

    fn fold(row: &mut u64, _: &Entry<false>, _: &Envelope) {
        *row += 1;
    }
}

impl AcrossView for Total {
    fn add(row: &mut u64, part: u64) {
        *row += part;
    }
}

const SECOND: &str = "2";
const PLAN: Plan = Plan { segments: 2, commits_per_second_max: Some(4) };
/// The time of an invocation: two pages, and then the segment is handed on.
const INVOCATION: Duration = Duration::from_secs(7);

/// A service whose every call may fail.
struct Shop {
    world: Faulty,
    host: ManualHost,
    view: Arc<dyn AnyView>,
    scissors: Arc<Scissors>,
    messages: Messages,
    /// Messages of events that are on their way to the projector.
    events: Vec<Envelope>,
}

impl Shop {
    fn new(view: Arc<dyn AnyView>, cut: Option<(usize, Cut)>) -> Self {
        Self {
            world: Faulty::new([]),
            host: still_host(),
            view,
            scissors: Scissors::at(cut),
            messages: Messages::default(),
            events: Vec::new(),
        }
    }

    fn ports(&self) -> Ports {
        Ports {
            store: Arc::new(Behind(self.world.store.clone(), self.scissors.clone())),
            views: Arc::new(Behind(self.world.rows.clone(), self.scissors.clone())),
            host: Arc::new(self.host.clone()),
        }
    }

    fn rebuilder(&self) -> Rebuilder {
        Rebuilder {
            views: vec![Arc::clone(&self.view)],
            history: Arc::new(Behind(self.world.store.clone(), self.scissors.clone())),
            ports: self.ports(),
            queue: Arc::new(Behind(Arc::clone(&self.messages), self.scissors.clone())),
            parking: Arc::new(MemoryParking::default()),
        }
    }

    /// Stores events of a new stream, whose messages are then on their way.
    async fn write(&mut self, id: &str, events: usize) {
        let written = self.world.added(id, events).await;
        self.events.extend(written);
    }

    /// Delivers the messages of events, twice and newest first, until the projector takes them.
    async fn project(&mut self) {
        let projector =
            Projector::of(Arc::clone(&self.view), self.ports(), Arc::new(MemoryParking::default()));
        let copies = self.events.iter().chain(&self.events).rev();
        let mut messages: Vec<Delivered<String>> = copies
            .enumerate()
            .map(|(id, event)| Delivered {
                id: id.to_string(),
                record: serde_json::to_string(event).unwrap(),
            })
            .collect();
        for _ in 0..20 {
            if messages.is_empty() {
                self.events.clear();
                return;
            }
            let taken = projector.take(messages.clone(), || INVOCATION);
            if let Some(report) = self.scissors.run(taken).await {
                messages.retain(|message| report.failed.contains(&message.id));
            }
        }
        panic!("the projector does not take its messages");
    }

    /// Delivers one message of the rebuild queue. It stays in the queue until its invocation ends well.
    async fn rebuild_once(&self) -> bool {
        let Some(body) = self.messages.lock().unwrap().first().cloned() else { return false };
        let end = self.host.monotonic() + INVOCATION;
        let host = self.host.clone();
        let time_left = move || end.saturating_sub(host.monotonic());
        let message = Delivered { id: "1".to_owned(), record: body };
        let rebuilder = self.rebuilder();
        let report = self.scissors.run(rebuilder.take(vec![message], &time_left)).await;
        let mut messages = self.messages.lock().unwrap();
        let delivered = messages.remove(0);
        if report.is_none_or(|report| !report.failed.is_empty()) {
            messages.push(delivered);
        }
        true
    }

    async fn begin(&self) {
        let name = self.view.name();
        take(&self.world.rows, name, Step::Begin(PLAN), self.host.now()).await.unwrap();
        let second = SECOND.parse().unwrap();
        // Each message is delivered twice, as SQS may.
        let all = || Segment::all(name, second, PLAN.segments);
        let segments = all().chain(all());
        self.messages.lock().unwrap().extend(segments.map(|it| it.text()));
    }

    async fn assert_equals_the_fold_of_the_store(&self, generation: Generation, why: &str) {
        let views = in_generation(Arc::new(self.world.rows.clone()), self.view.name(), generation);
        let ports = Ports { views, ..self.world.ports() };
        let verified =
            self.view.verify(&ports, &self.world.store, Extent::Everything).await.unwrap();
        assert_eq!((verified.differences, verified.waiting), (vec![], 0), "{why}: {generation}");
    }
}

fn views() -> [Arc<dyn AnyView>; 2] {
    [Arc::new(Single::<Versions>::default()), Arc::new(Across::<Total>::default())]
}

/// A rebuild with writes before each step of it, and one failing call. Returns the number of calls.
async fn rebuilt(view: Arc<dyn AnyView>, cut: Option<(usize, Cut)>) -> usize {
    let mut shop = Shop::new(view, cut);
    let why = format!("{} {cut:?}", shop.view.name());
    for id in ["a", "b", "c"] {
        shop.write(id, 5).await;
    }
    shop.project().await;
    shop.write("late", 2).await;
    shop.begin().await;
    let mut step = 0;
    loop {
        // The messages of what was stored before the generation was registered arrive in the middle of the rebuild.
        if step == 2 || step == 5 {
            shop.project().await;
        }
        if step < 4 {
            shop.write(&format!("new-{step}"), 2).await;
        }
        if !shop.rebuild_once().await {
            break;
        }
        step += 1;
        assert!(step < 100, "{why}: the rebuild does not end");
    }
    shop.project().await;
    assert!(step > 4, "the rebuild has {step} steps, too few to be disturbed");
    let second = SECOND.parse().unwrap();
    let progress = progress_of(&shop.world.rows, shop.view.name(), second, PLAN.segments).await;
    let progress = progress.unwrap();
    assert!(progress.is_done() && progress.set_aside == 0, "{why}: {progress:?}");
    take(&shop.world.rows, shop.view.name(), Step::Switch(Despite::Nothing), shop.host.now())
        .await
        .unwrap();
    shop.write("after", 2).await;
    shop.project().await;
    for generation in [Generation::FIRST, second] {
        shop.assert_equals_the_fold_of_the_store(generation, &why).await;
    }
    shop.scissors.calls()
}

#[tokio::test]
async fn a_rebuild_equals_the_fold_of_the_store_whichever_call_fails_or_crashes_s13() {
    for view in 0..2 {
        let calls = rebuilt(views()[view].clone(), None).await;
        assert!(calls > 60, "{calls}");
        for call in 0..calls {
            for cut in CUTS {
                rebuilt(views()[view].clone(), Some((call, cut))).await;
            }
        }
    }
}

#[tokio::test]
async fn readers_follow_a_switch_and_a_rollback_within_seconds_and_never_see_half_a_generation_s8()
{
    let mut shop = Shop::new(views()[0].clone(), None);
    shop.write("a", 3).await;
    shop.project().await;
    let live = LiveGenerations::new(shop.ports().views, Arc::new(shop.host.clone()));
    let rows = async || {
        let row =
            live.of("versions").read(&[RowKey::only("versions", "a")]).await.unwrap().remove(0);
        let row: Option<Marked<Vec<u64>>> = row.map(|row| row.body.read().unwrap());
        row.map_or(0, |row| row.row.len())
    };
    shop.begin().await;
    let views = &shop.world.rows;
    assert!(matches!(
        take(views, "versions", Step::Switch(Despite::Gaps), shop.host.now()).await,
        Err(GenerationError::Unfinished { .. })
    ));
    while shop.rebuild_once().await {
        assert_eq!(rows().await, 3);
    }
    take(views, "versions", Step::Switch(Despite::Nothing), shop.host.now()).await.unwrap();
    // Only the new generation has this event, as if a projector had fed only it.
    let second = in_generation(Arc::new(views.clone()), "versions", SECOND.parse().unwrap());
    let ports = Ports { views: second, ..shop.world.ports() };
    let event = shop.world.stream("b", &["Added"]).await.remove(0);
    shop.view.project(&ports, &RowKey::only("versions", "b"), &[event]).await;
    let is_seen = async || {
        live.of("versions").read(&[RowKey::only("versions", "b")]).await.unwrap()[0].is_some()
    };
    assert!(!is_seen().await, "a reader goes on with what it knows");
    shop.host.advance(LIVE_TIME_MAX);
    assert!(is_seen().await);
    take(views, "versions", Step::RollBack, shop.host.now()).await.unwrap();
    shop.host.advance(LIVE_TIME_MAX);
    assert!(!is_seen().await);
}

#[tokio::test]
async fn a_step_at_the_wrong_time_is_refused_and_changes_nothing() {
    use GenerationError::{
        Dropping, Kept, NotSwitched, NothingBeside, TooSoon, UnderWay, Unfinished,
    };
    let shop = Shop::new(views()[0].clone(), None);
    let (views, now) = (&shop.world.rows, || shop.host.now());
    let refused = async |expected: fn(&GenerationError) -> bool| {
        let before = views.dump();
        let outcomes = [
            take(views, "versions", Step::Begin(PLAN), now()).await.err(),
            take(views, "versions", Step::Switch(Despite::Nothing), now()).await.err(),
            take(views, "versions", Step::RollBack, now()).await.err(),
            preview(views, "versions", Step::RollBack, now()).await.err(),
        ];
        let fitting = outcomes.iter().flatten().filter(|error| expected(error)).count();
        assert_eq!(views.dump(), before, "something was changed");
        assert_eq!(fitting, outcomes.iter().flatten().count(), "{outcomes:?}");
        outcomes.iter().flatten().count()
    };
    assert!(matches!(
        take(views, "versions", Step::Switch(Despite::Nothing), now()).await,
        Err(NothingBeside { .. })
    ));
    assert!(matches!(
        take(views, "versions", Step::RollBack, now()).await,
        Err(NothingBeside { .. })
    ));
    assert!(matches!(take(views, "versions", Step::Drop, now()).await, Err(NothingBeside { .. })));
    shop.begin().await;
    let building = |it: &GenerationError| {
        matches!(it, UnderWay { .. } | Unfinished { .. } | NotSwitched { .. })
    };
    assert_eq!(refused(building).await, 4);
    while shop.rebuild_once().await {}
    take(views, "versions", Step::Switch(Despite::Nothing), now()).await.unwrap();
    assert!(matches!(take(views, "versions", Step::Begin(PLAN), now()).await, Err(Kept { .. })));
    assert!(matches!(take(views, "versions", Step::Drop, now()).await, Err(TooSoon { .. })));
    shop.host.advance(DROP_AFTER);
    take(views, "versions", Step::Drop, now()).await.unwrap();
    assert_eq!(refused(|it| matches!(it, Dropping { .. })).await, 4);
    let again = take(views, "versions", Step::Drop, now()).await.unwrap();
    assert_eq!(again.beside.unwrap().generation, Generation::FIRST, "repeated");
    end_drop(views, "versions").await.unwrap();
    end_drop(views, "versions").await.unwrap();
    // The number of a generation is not used again.
    let next = take(views, "versions", Step::Begin(PLAN), now()).await.unwrap();
    assert_eq!(next.fed().map(Generation::get).collect::<Vec<_>>(), [2, 3]);
}

#[tokio::test]
async fn dropping_erases_the_rows_of_one_generation_and_a_rebuild_that_is_given_up_ends() {
    for view in views() {
        let mut shop = Shop::new(view, None);
        shop.write("a", 9).await;
        shop.project().await;
        let before = shop.world.rows.dump();
        shop.begin().await;
        shop.rebuild_once().await;
        shop.rebuild_once().await;
        let name = shop.view.name();
        let left = take(&shop.world.rows, name, Step::Drop, shop.host.now()).await.unwrap();
        let generation = left.beside.unwrap().generation;
        while shop.rebuild_once().await {}
        shop.write("b", 1).await;
        shop.project().await;
        let rows = RowsOf::generation(name, generation);
        let deleted = erase_all(&shop.world.rows, &rows, &|_| {}).await.unwrap();
        assert!(deleted > 1, "{deleted}");
        end_drop(&shop.world.rows, name).await.unwrap();
        // Messages that were on their way all the time.
        let late = Segment::all(name, generation, PLAN.segments);
        shop.messages.lock().unwrap().extend(late.map(|it| it.text()));
        while shop.rebuild_once().await {}
        let left = shop.world.rows.dump();
        assert!(
            before.iter().all(|row| left.iter().any(|it| it.key == row.key)),
            "a live row is gone"
        );
        assert!(!left.iter().any(|row| rows.holds(&row.key.partition)));
        shop.assert_equals_the_fold_of_the_store(Generation::FIRST, name).await;
        shop.begin().await;
        let again = generations_of(&shop.world.rows, name).await.unwrap().beside.unwrap();
        assert_eq!(again.generation, generation.next(), "a number is used once");
    }
}

#[tokio::test]
async fn an_event_that_can_never_be_folded_is_set_aside_and_the_switch_says_so() {
    // In the middle of its stream, and at the end, where no later event misses it.
    for damaged in [1, 2] {
        let shop = Shop::new(views()[0].clone(), None);
        shop.world.added("a", 3).await;
        let from = ReadFrom::Up(Ordinal::FIRST);
        let place = shop.world.store.read(&stream("a"), from, 3).await.unwrap();
        let stored = StoredCommit::from(&place[damaged]);
        shop.world.store.put_raw(StoredCommit { ev: "[".to_owned(), ..stored });
        shop.begin().await;
        while shop.rebuild_once().await {}
        let (views, now) = (&shop.world.rows, shop.host.now());
        let refused = take(views, "versions", Step::Switch(Despite::Nothing), now).await;
        assert!(matches!(refused, Err(GenerationError::Gaps { .. })), "{refused:?}");
        let left = take(views, "versions", Step::Switch(Despite::Gaps), now).await.unwrap();
        assert_eq!(left.live.get(), 2);
    }
}

#[tokio::test]
async fn a_rebuild_keeps_its_pace() {
    let shop = Shop::new(views()[0].clone(), None);
    for id in 0..10 {
        shop.world.added(&format!("s{id}"), 4).await;
    }
    shop.begin().await;
    let started = shop.host.monotonic();
    while shop.rebuild_once().await {}
    // One after the other, the two segments take twice the time that they take side by side.
    let took = shop.host.monotonic() - started;
    assert!(took >= Duration::from_secs(18), "40 commits at 2 a second and segment took {took:?}");
}
