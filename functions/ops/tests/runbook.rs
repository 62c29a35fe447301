//! Every command of the runbook exists, with its options.

use std::process::Command;

/// The words of a command line; double quotes keep words together.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    parts
        .flat_map(|(place, part)| match place % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

#[test]
fn every_command_of_the_runbook_exists_with_its_options() {
    let runbook = include_str!("../../../infra/runbook.md");
    let commands = runbook.lines().filter_map(|line| line.trim().strip_prefix("dekigoto "));
    let inline = runbook.split("`dekigoto ").skip(1).filter_map(|rest| rest.split('`').next());
    let all: Vec<&str> = commands.chain(inline).collect();
    assert!(all.len() > 20, "{all:?}");
    for command in all {
        // `--help` makes the command check its name and options, and do nothing.
        let dekigoto = env!("CARGO_BIN_EXE_dekigoto");
        let output = Command::new(dekigoto).args(words(command)).arg("--help").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "dekigoto {command}: {said}");
    }
}

#[test]
fn a_command_that_does_not_exist_fails() {
    let ended = Command::new(env!("CARGO_BIN_EXE_dekigoto"))
        .args(["dlq", "redrive", "--queues", "order-summary", "--help"])
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(2));
}
