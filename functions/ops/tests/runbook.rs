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

/// `make ops-sessions` writes the sessions.
#[test]
fn every_command_has_a_recorded_session() {
    let sessions = include_str!("../../../infra/sessions.md");
    let help = Command::new(env!("CARGO_BIN_EXE_dekigoto")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let list = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(sessions.contains(&format!("$ dekigoto {name}")), "{name} has no session");
    }
}

#[test]
fn every_drill_of_the_runbook_is_a_make_command_with_the_date_when_it_passed() {
    let runbook = include_str!("../../../infra/runbook.md");
    let makefile = include_str!("../../../Makefile");
    let drills = runbook.split("## Drills").nth(1).unwrap();
    let rows: Vec<&str> = drills.lines().filter(|line| line.contains("| `make ")).collect();
    assert_eq!(rows.len(), 3, "restore, bus and rollback");
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let target = cells[2].trim_matches('`').strip_prefix("make ").unwrap();
        assert!(makefile.contains(&format!("\n{target}: ##")), "{target} is no make command");
        assert!(cells[3].starts_with("20") && cells[3].len() == 10, "{target} never passed");
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
