//! A view's spec that holds is silent; one that does not says what differs, at the line of the test.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Happened, failing, given_view, given_view_across, happened};
use crate::{
    Aggregate, Decider, Envelope, EventSchema, INDEXES, NewEvent, Payload, RowKey, SchemaError,
    event_schema,
    project::{CrossView, SingleView},
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

event_schema! { Event { Scored: 1 } }

/// Nothing is decided here: views alone are specified.
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
    const TYPE: &'static str = "Game";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

/// The same events in a second stream with the game's id.
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
    const TYPE: &'static str = "Overtime";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

fn scored(event: &Envelope) -> Result<Scored, SchemaError> {
    let events = Event::decode(&event.event_type, event.schema_version, &event.payload)?;
    let [Event::Scored(scored)] = &events[..] else { unreachable!() };
    Ok(scored.clone())
}

/// What was scored, play by play. Only a view that sees each stream in order gets this right.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sheet {
    game: Vec<i64>,
    overtime: Vec<i64>,
}

struct SheetView;

impl SingleView for SheetView {
    type Row = Sheet;

    const NAME: &'static str = "sheet";

    fn apply(row: &mut Sheet, event: &Envelope) -> Result<(), SchemaError> {
        let is_game = event.aggregate_type == Game::TYPE;
        let list = if is_game { &mut row.game } else { &mut row.overtime };
        list.push(scored(event)?.points);
        Ok(())
    }

    fn indexes(_: &Sheet) -> [Option<RowKey>; INDEXES] {
        Default::default()
    }
}

/// Mixes its two streams: wrong, because no order between them is promised.
struct MixedView;

impl SingleView for MixedView {
    type Row = Vec<i64>;

    const NAME: &'static str = "mixed";

    fn apply(row: &mut Vec<i64>, event: &Envelope) -> Result<(), SchemaError> {
        row.push(scored(event)?.points);
        Ok(())
    }

    fn indexes(_: &Vec<i64>) -> [Option<RowKey>; INDEXES] {
        Default::default()
    }
}

/// A row for each player of a game: wrong, because the next play may name another row.
struct PlayerView;

impl SingleView for PlayerView {
    type Row = Vec<i64>;

    const NAME: &'static str = "player";

    fn key(event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        Ok(Some(player(&scored(event)?.player)))
    }

    fn apply(row: &mut Vec<i64>, event: &Envelope) -> Result<(), SchemaError> {
        row.push(scored(event)?.points);
        Ok(())
    }

    fn indexes(_: &Vec<i64>) -> [Option<RowKey>; INDEXES] {
        Default::default()
    }
}

/// Points of a player, over all games.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Total {
    points: i64,
    last: i64,
}

/// Whoever scores nothing has no row.
struct TotalView;

impl CrossView for TotalView {
    type Row = Total;

    const NAME: &'static str = "total";

    fn key(event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        let scored = scored(event)?;
        Ok((scored.points != 0).then(|| player(&scored.player)))
    }

    fn apply(row: &mut Total, event: &Envelope) -> Result<(), SchemaError> {
        row.points += scored(event)?.points;
        Ok(())
    }
}

/// Remembers who came last: wrong, because that does not commute.
struct LastView;

impl CrossView for LastView {
    type Row = Total;

    const NAME: &'static str = "last";

    fn key(event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        TotalView::key(event)
    }

    fn apply(row: &mut Total, event: &Envelope) -> Result<(), SchemaError> {
        row.last = scored(event)?.points;
        TotalView::apply(row, event)
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
fn specs_that_hold_are_silent_and_go_on() {
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
fn another_row_is_shown_line_by_line_under_the_deliveries() {
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
fn a_longer_row_shows_what_was_added_and_what_is_missing() {
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
fn a_row_where_none_is_expected_is_shown_and_the_other_way_round() {
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
    given_view_across::<LastView>([play(1)]).when(other()).then(Total { points: 3, last: 2 });
    let (message, _) = failure_of(|| {
        let spec = given_view_across::<LastView>([play(1)]).when(other());
        let _ = spec.shuffled().then(Total { points: 3, last: 2 });
    });
    assert!(message.contains("      Game#g-2 1 Scored\n      Game#g-1 1 Scored\n"), "{message}");

    let (message, line) = failure_of(|| {
        let mixed = given_view::<MixedView>([play(1)]);
        let overtime = happened::<Overtime>("g-1", points("ann", 2));
        mixed.when(overtime).shuffled().then(vec![1, 2]);
    });
    assert_reported_at(line, ".then(vec![1, 2])");
    assert!(message.contains("not the fold of the versions up to"), "{message}");
}

#[test]
fn a_row_has_a_key_of_its_own_choice_but_one_for_each_aggregate() {
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
fn an_event_that_a_view_cannot_read_fails_its_spec_with_the_reason() {
    let from_the_future = || {
        let payload = Payload::of(&BTreeMap::<u8, u8>::new()).unwrap();
        let event = NewEvent { event_type: "Scored".to_owned(), schema_version: 2, payload };
        Happened::stored(Game::TYPE, "g-1", event)
    };
    let (message, _) = failure_of(|| {
        given_view::<SheetView>([]).when(from_the_future()).then(Sheet::default());
    });
    assert!(message.contains("Game#g-1 1 Scored: parked: version 1"), "{message}");
    let (message, _) = failure_of(|| {
        given_view_across::<TotalView>([]).when(from_the_future()).then_nothing();
    });
    assert!(message.contains("schema version 2"), "{message}");
}

#[test]
fn an_event_of_no_stream_fails_where_it_is_written_down() {
    let (message, line) = failure_of(|| {
        let _ = happened::<Game>("", points("ann", 1));
    });
    assert_reported_at(line, "happened::<Game>");
    assert!(message.contains("aggregate id"), "{message}");
}
