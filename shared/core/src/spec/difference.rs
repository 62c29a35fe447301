//! Renders the difference of a failed spec: plain text, one event a line.

use std::fmt::{Debug, Write as _};

pub(super) fn unlike(expected: &impl Debug, got: &impl Debug) -> String {
    changed(&format!("{expected:?}"), &format!("{got:?}"))
}

pub(super) fn count<T>(events: &[T]) -> String {
    match events {
        [] => "nothing".to_owned(),
        [_] => "1 event".to_owned(),
        more => format!("{} events", more.len()),
    }
}

pub(super) fn expectation<E: Debug>(expected: &[E]) -> String {
    let mut text = format!("  expected {}\n", count(expected));
    for event in expected {
        line(&mut text, "    - ", &format!("{event:?}"));
    }
    text + "  got "
}

/// Both sequences, one event a line: `=` in both, `-` expected only, `+` got only. `>` marks the first difference.
pub(super) fn difference<E: Debug + PartialEq>(expected: &[E], got: &[E]) -> String {
    let mut text = format!("  expected {} (-), got {} (+)\n", count(expected), count(got));
    let same = expected.iter().zip(got).take_while(|(left, right)| left == right).count();
    for event in expected.iter().take(same) {
        line(&mut text, "    = ", &format!("{event:?}"));
    }
    let mut rest_expected = expected.iter().skip(same).map(|event| format!("{event:?}"));
    let mut rest_got = got.iter().skip(same).map(|event| format!("{event:?}"));
    match (rest_expected.next(), rest_got.next()) {
        (Some(left), Some(right)) => text += &changed(&left, &right),
        (Some(left), None) => line(&mut text, "  > - ", &left),
        (None, Some(right)) => line(&mut text, "  > + ", &right),
        (None, None) => {}
    }
    rest_expected.for_each(|event| line(&mut text, "    - ", &event));
    rest_got.for_each(|event| line(&mut text, "    + ", &event));
    text
}

/// Two texts, one below the other, with `^` below the first character that differs.
pub(super) fn changed(expected: &str, got: &str) -> String {
    let mut text = String::new();
    line(&mut text, "  > - ", expected);
    line(&mut text, "  > + ", got);
    let same = expected.chars().zip(got.chars()).take_while(|(left, right)| left == right).count();
    line(&mut text, "      ", &format!("{}^", " ".repeat(same)));
    text
}

pub(super) fn line(text: &mut String, mark: &str, rest: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{mark}{rest}");
}

/// The debug output of two rows, line by line: `=` in both, `-` expected only, `+` got only.
pub(super) fn rows_differ<R: Debug>(expected: Option<&R>, got: Option<&R>) -> String {
    let show = |row: Option<&R>| row.map_or_else(String::new, |row| format!("{row:#?}"));
    let count = |row: Option<&R>| if row.is_some() { "a row" } else { "no row" };
    let mut text = format!("  expected {} (-), got {} (+)\n", count(expected), count(got));
    let (expected, got) = (show(expected), show(got));
    let (expected, got): (Vec<&str>, Vec<&str>) =
        (expected.lines().collect(), got.lines().collect());
    merge(&expected, &got, &mut text);
    text
}

/// Writes both texts, with shared lines once. A row has tens of lines, so the search ahead is cheap.
fn merge(mut expected: &[&str], mut got: &[&str], text: &mut String) {
    while let ([left, rest_expected @ ..], [right, rest_got @ ..]) = (expected, got) {
        if left == right {
            line(text, "    = ", left);
            (expected, got) = (rest_expected, rest_got);
            continue;
        }
        // Skips lines on the side that needs fewer skips to match again.
        let skip = |lines: &[&str], wanted: &&str| lines.iter().position(|it| it == wanted);
        match (skip(expected, right), skip(got, left)) {
            (Some(over), found) if found.is_none_or(|other| over <= other) => {
                line(text, "    - ", left);
                expected = rest_expected;
            }
            (_, Some(_)) => {
                line(text, "    + ", right);
                got = rest_got;
            }
            (_, None) => {
                line(text, "    - ", left);
                line(text, "    + ", right);
                (expected, got) = (rest_expected, rest_got);
            }
        }
    }
    expected.iter().for_each(|left| line(text, "    - ", left));
    got.iter().for_each(|right| line(text, "    + ", right));
}
