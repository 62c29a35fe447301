//! A view's spec that holds is silent; a failed one shows the difference, at the line of the test.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Happened, failing, given_view, given_view_across, happened};
use crate::{
    Aggregate, Decider, Envelope, NewEvent, Payload, RowKey, event_schema,
    views::{AcrossView, Fold, SingleView, View},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Scored {
    player: String,
    points: i64,
}

#[derive(Clone, Debug, PartialEq)]
enum Event {
    Scored(Scored),
}

event_schema! { Event { Scored as "Scored": 1 } }

/// Decides nothing: these are specs of views.
struct Game;

impl Decider for Game {
    type Command = ();
    type Event = Event;
    type State = ();
    type Refusal = ();

    fn decide((): &(), (): ()) -> Result<Vec<Event>, ()> {
        Err(())
    }

    fn evolve((): (), _: &Event) {}
}

impl Aggregate for Game {
    type Id = String;

    const TYPE: &'static str = "Game";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

/// A second stream with the game's id and the same events.
struct Overtime;

impl Decider for Overtime {
    type Command = ();
    type Event = Event;
    type State = ();
    type Refusal = ();

    fn decide((): &(), (): ()) -> Result<Vec<Event>, ()> {
        Err(())
    }

    fn evolve((): (), _: &Event) {}
}

impl Aggregate for Overtime {
    type Id = String;

    const TYPE: &'static str = "Overtime";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

/// The scores, play by play. Right only if each stream is folded in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sheet {
    game: Vec<i64>,
    overtime: Vec<i64>,
}

struct SheetView;

impl View for SheetView {
    type Row = Sheet;
    type Folds = (Game, Overtime);

    const NAME: &'static str = "sheet";
}

impl Fold<Game> for SheetView {
    fn fold(row: &mut Sheet, Event::Scored(scored): &Event, _: &Envelope) {
        row.game.push(scored.points);
    }
}

impl Fold<Overtime> for SheetView {
    fn fold(row: &mut Sheet, Event::Scored(scored): &Event, _: &Envelope) {
        row.overtime.push(scored.points);
    }
}

impl SingleView for SheetView {}

/// Mixes its two streams: wrong, because there is no order between them.
struct MixedView;

impl View for MixedView {
    type Row = Vec<i64>;
    type Folds = (Game, Overtime);

    const NAME: &'static str = "mixed";
}

impl<A: Aggregate<Event = Event>> Fold<A> for MixedView {
    fn fold(row: &mut Vec<i64>, Event::Scored(scored): &Event, _: &Envelope) {
        row.push(scored.points);
    }
}

impl SingleView for MixedView {}

/// A row per player: wrong, because the plays of one game may name different rows.
struct PlayerView;

impl View for PlayerView {
    type Row = Vec<i64>;
    type Folds = (Game,);

    const NAME: &'static str = "player";
}

impl Fold<Game> for PlayerView {
    fn row_key(Event::Scored(scored): &Event, _: &Envelope) -> Option<RowKey> {
        Some(player(&scored.player))
    }

    fn fold(row: &mut Vec<i64>, Event::Scored(scored): &Event, _: &Envelope) {
        row.push(scored.points);
    }
}

impl SingleView for PlayerView {}

/// A player's points over all games.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Total {
    points: i64,
    last: i64,
}

/// Players who score nothing have no row.
struct TotalView;

impl View for TotalView {
    type Row = Total;
    type Folds = (Game,);

    const NAME: &'static str = "total";
}

impl Fold<Game> for TotalView {
    fn row_key(Event::Scored(scored): &Event, _: &Envelope) -> Option<RowKey> {
        (scored.points != 0).then(|| player(&scored.player))
    }

    fn fold(row: &mut Total, Event::Scored(scored): &Event, _: &Envelope) {
        row.points += scored.points;
    }
}

impl AcrossView for TotalView {
    fn add(row: &mut Total, part: Total) {
        row.points += part.points;
    }
}

/// Keeps the last score: wrong, because that does not commute.
struct LastView;

impl View for LastView {
    type Row = Total;
    type Folds = (Game,);

    const NAME: &'static str = "last";
}

impl Fold<Game> for LastView {
    fn row_key(event: &Event, envelope: &Envelope) -> Option<RowKey> {
        TotalView::row_key(event, envelope)
    }

    fn fold(row: &mut Total, event: &Event, envelope: &Envelope) {
        let Event::Scored(scored) = event;
        row.last = scored.points;
        TotalView::fold(row, event, envelope);
    }
}

impl AcrossView for LastView {
    fn add(row: &mut Total, part: Total) {
        row.last = part.last;
        TotalView::add(row, part);
    }
}

fn player(name: &str) -> RowKey {
    RowKey::new(format!("total#{name}"), "row")
}

fn points(player: &str, points: i64) -> Event {
    Event::Scored(Scored { player: player.to_owned(), points })
}

fn play(number: i64) -> Happened {
    happened::<Game>("g-1", points("ann", number))
}

fn total(points: i64) -> Total {
    Total { points, last: 0 }
}

fn failure_of(spec: impl FnOnce()) -> (String, u32) {
    failing::failure_of("spec/view_tests.rs", spec)
}

#[track_caller]
fn assert_reported_at(line: u32, text: &str) {
    failing::assert_reported_at(include_str!("view_tests.rs"), line, text);
}

#[test]
fn specs_that_hold_are_silent_and_continue() {
    given_view::<SheetView>([play(1), play(2)])
        .when(happened::<Overtime>("g-1", points("ann", 5)))
        .delivered_twice()
        .shuffled()
        .then(Sheet { game: vec![1, 2], overtime: vec![5] })
        .when(play(3))
        .shuffled()
        .then(Sheet { game: vec![1, 2, 3], overtime: vec![5] });
    given_view_across::<TotalView>([play(1), happened::<Game>("g-2", points("ann", 2))])
        .when(play(4))
        .delivered_twice()
        .shuffled()
        .then(total(7));
}

#[test]
fn rows_of_several_keys_are_named() {
    given_view_across::<TotalView>([play(1)])
        .when(happened::<Game>("g-1", points("bob", 2)))
        .shuffled()
        .then_rows([(player("ann"), total(1)), (player("bob"), total(2))]);
    given_view_across::<TotalView>([]).when(play(0)).delivered_twice().then_nothing();

    let (message, line) = failure_of(|| {
        let two = given_view_across::<TotalView>([play(1)]);
        let _ = two.when(happened::<Game>("g-1", points("bob", 2))).then(total(3));
    });
    assert_reported_at(line, ".then(total(3))");
    assert!(message.contains("got several"), "{message}");
    assert!(message.contains("    + total#bob row"), "{message}");
}

#[test]
fn a_different_row_is_shown_line_by_line_below_the_deliveries() {
    let (message, line) = failure_of(|| {
        given_view_across::<TotalView>([play(1)]).when(play(2)).then(total(4));
    });
    assert_reported_at(line, ".then(total(4))");
    assert_eq!(
        message,
        "the spec does not hold
  total, delivered one by one:
      Game#g-1 1 Scored
      Game#g-1 2 Scored
  expected a row (-), got a row (+)
    = Total {
    -     points: 4,
    +     points: 3,
    =     last: 0,
    = }
"
    );
}

#[test]
fn a_different_list_shows_added_and_missing_items() {
    let (message, _) = failure_of(|| {
        let expected = Sheet { game: vec![1, 3], overtime: vec![9] };
        let _ = given_view::<SheetView>([play(1), play(2)]).when(play(3)).then(expected);
    });
    let shared: Vec<&str> = message.lines().filter(|line| line.starts_with("    = ")).collect();
    assert!(
        shared.contains(&"    =         1,") && shared.contains(&"    =         3,"),
        "{message}"
    );
    assert!(message.contains("    +         2,\n"), "{message}");
    assert!(message.contains("    -         9,\n"), "{message}");
}

#[test]
fn an_unexpected_row_and_a_missing_row_are_shown() {
    let (message, line) = failure_of(|| {
        given_view_across::<TotalView>([]).when(play(1)).then_nothing();
    });
    assert_reported_at(line, ".then_nothing()");
    assert!(
        message.contains("row total#ann row\n  expected no row (-), got a row (+)"),
        "{message}"
    );
    let (message, _) = failure_of(|| {
        given_view_across::<TotalView>([]).when(play(0)).then(total(0));
    });
    assert!(message.contains("expected a row (-), got no row (+)"), "{message}");
}

#[test]
fn a_view_that_depends_on_the_order_between_streams_fails_when_shuffled() {
    let other = || happened::<Game>("g-2", points("ann", 2));
    let (message, _) = failure_of(|| {
        let spec = given_view_across::<LastView>([play(1)]).when(other());
        let _ = spec.shuffled().then(Total { points: 3, last: 2 });
    });
    assert!(message.contains("    -     last: 2,\n    +     last: 1,\n"), "{message}");

    let (message, line) = failure_of(|| {
        let mixed = given_view::<MixedView>([play(1)]);
        let overtime = happened::<Overtime>("g-1", points("ann", 2));
        mixed.when(overtime).shuffled().then(vec![1, 2]);
    });
    assert_reported_at(line, ".then(vec![1, 2])");
    assert!(message.contains("not the fold of the versions up to"), "{message}");
}

#[test]
fn a_view_chooses_row_keys_but_an_aggregate_has_one_row() {
    given_view::<PlayerView>([play(1)])
        .when(play(2))
        .delivered_twice()
        .shuffled()
        .then_rows([(player("ann"), vec![1, 2])]);

    let (message, _) = failure_of(|| {
        let spec = given_view::<PlayerView>([play(1)]);
        let _ = spec.when(happened::<Game>("g-1", points("bob", 2))).then(vec![1]);
    });
    assert!(message.contains("parked: version 1 belongs to another row"), "{message}");

    let (message, _) = failure_of(|| {
        let spec = given_view::<PlayerView>([play(1)]);
        let _ = spec.when(happened::<Game>("g-2", points("ann", 2))).then(vec![1]);
    });
    assert!(message.contains("not the fold of the versions up to"), "{message}");
}

#[test]
fn an_event_that_a_view_cannot_decode_fails_its_spec_with_the_reason() {
    let from_the_future = || {
        let payload = Payload::of(&BTreeMap::<u8, u8>::new()).unwrap();
        let event = NewEvent { event_type: "Scored".to_owned(), schema_version: 2, payload };
        Happened::stored(Game::TYPE, "g-1", event)
    };
    let (message, _) = failure_of(|| {
        given_view::<SheetView>([]).when(from_the_future()).then(Sheet::default());
    });
    assert!(message.contains("Game#g-1 1 Scored: Scored has schema version 2"), "{message}");
    let (message, _) = failure_of(|| {
        given_view_across::<TotalView>([]).when(from_the_future()).then_nothing();
    });
    assert!(message.contains("schema version 2"), "{message}");
}

#[test]
fn an_event_with_an_invalid_id_fails_at_its_own_line() {
    let (message, line) = failure_of(|| {
        let _ = happened::<Game>("", points("ann", 1));
    });
    assert_reported_at(line, "happened::<Game>");
    assert!(message.contains("aggregate id"), "{message}");
}
