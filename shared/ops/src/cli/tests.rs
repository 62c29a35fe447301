//! The command line, as operators write it.

use clap::CommandFactory as _;

use super::*;

fn parsed(words: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once(&"dekigoto").chain(words))
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn a_change_needs_a_reason() {
    for words in [
        &["dlq", "redrive", "--yes"][..],
        &["dlq", "discard", "--yes", "--why", " "],
        &["pause", "orders", "--yes"],
        &["republish", "--stream", "Order#1", "--yes"],
        &["rebuild", "orders", "--yes"],
        &["switch", "orders", "--yes"],
        &["rollback", "orders", "--yes"],
        &["drop", "orders", "--yes"],
    ] {
        assert!(parsed(words).is_err(), "{words:?}");
    }
    assert!(parsed(&["dlq", "redrive", "--yes", "--why", "mended"]).is_ok());
}

#[test]
fn wrong_arguments_are_refused_and_the_message_names_the_right_ones() {
    for (words, text) in [
        (&["republish"][..], "--stream"),
        (
            &["republish", "--from", "yesterday", "--to", "2026-11-25T09:00:00Z"],
            "2026-11-25T09:00:00Z",
        ),
        (&["dlq", "redrive", "--rate", "501"], "500"),
        (&["pause", "orders", "--for", "soon"], "30m"),
        (&["statsu"], "status"),
        (&["rebuild", "orders", "--segments", "0"], "256"),
        (&["verify", "orders", "--generation", "0"], "number"),
    ] {
        let error = parsed(words).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{words:?}");
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn every_command_has_completions_and_help() {
    let text = String::from_utf8(completions(clap_complete::Shell::Bash)).unwrap();
    for command in Cli::command().get_subcommands() {
        assert!(text.contains(command.get_name()), "{}", command.get_name());
        assert!(command.get_about().is_some(), "{}", command.get_name());
    }
}
