//! A rebuilt generation equals the fold of the whole store, whatever happens during the rebuild (s13).

use std::{sync::Arc, time::Duration};

use dekigoto::{
    EventStore as _, Host as _, Ordinal, Ports, ReadFrom, RowKey, StoredCommit, ViewStore as _,
    batch::Delivered,
    generations::{
        DROP_AFTER, Despite, Generation, GenerationError, LIVE_TIME_MAX, LiveGenerations, RowsOf,
        Segment, Step, TIME_TO_HAND_ON, end_drop, erase_all, generations_of, in_generation,
        preview, progress_of, take,
    },
    views::{AnyView, Marked},
};
use dekigoto_testkit::stream;
use futures_util::future::join_all;

use crate::{
    cut::{CUTS, Cut},
    shop::{PLAN, SECOND, Shop, views},
};

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

/// A shop with a rebuild of 40 commits that has just begun.
async fn begun() -> Shop {
    let shop = Shop::new(views()[0].clone(), None);
    for id in 0..10 {
        shop.world.added(&format!("s{id}"), 4).await;
    }
    shop.begin().await;
    shop
}

/// The calls of workers that get a segment at the same time, and have time for all of it.
async fn calls_of(workers: usize) -> usize {
    let mut shop = begun().await;
    shop.time = Duration::from_secs(60);
    let first = std::mem::take(&mut *shop.messages.lock().unwrap()).remove(0);
    let copy = Delivered { id: "1".to_owned(), record: first };
    let (rebuilder, time_left) = (shop.rebuilder(), shop.invocation());
    let copies = (0..workers).map(|_| rebuilder.take(vec![copy.clone()], &time_left));
    let reports = join_all(copies).await;
    assert!(reports.iter().all(|report| report.failed.is_empty()), "{reports:?}");
    assert!(shop.messages.lock().unwrap().is_empty(), "a segment that is done was handed on");
    let second = SECOND.parse().unwrap();
    let progress = progress_of(&shop.world.rows, "versions", second, PLAN.segments).await.unwrap();
    assert_eq!(progress.open, [1], "{progress:?}");
    shop.scissors.calls()
}

#[tokio::test]
async fn of_two_workers_of_a_segment_one_goes_on() {
    let (one, two) = (calls_of(1).await, calls_of(2).await);
    assert!(two * 2 < one * 3, "{two} calls of two workers, {one} of one");
}

#[tokio::test]
async fn a_worker_with_time_for_one_page_hands_on_behind_it() {
    let mut shop = begun().await;
    shop.time = TIME_TO_HAND_ON + Duration::from_millis(1);
    let mut steps = 0;
    while shop.rebuild_once().await {
        steps += 1;
        assert!(steps < 100, "the rebuild does not end");
    }
    assert!(steps > 20, "{steps} invocations for 20 pages");
}

#[tokio::test]
async fn a_rebuild_keeps_its_pace() {
    let shop = begun().await;
    let started = shop.host.monotonic();
    while shop.rebuild_once().await {}
    // One after the other, the two segments take twice the time that they take side by side.
    let took = shop.host.monotonic() - started;
    assert!(took >= Duration::from_secs(18), "40 commits at 2 a second and segment took {took:?}");
}
