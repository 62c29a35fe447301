//! The order service in the simulator. See `README.md`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "everything here is test code, which fails by panicking"
)]

mod bugs;
mod checks;
mod client;
mod commands;
mod consumers;
mod crash;
mod crowd;
mod damaged;
mod fates;
mod history;
mod judge;
mod keys;
mod known;
mod lost;
mod marks;
mod nemesis;
mod outage;
mod policies;
mod provider;
mod readers;
mod republish;
mod rollout;
mod run;
#[cfg(test)]
mod sample;
mod sends;
mod shrink;
mod swarm;
mod sweep;
mod sweeper;
mod tables;
mod targets;
mod ticks;
mod truth;
mod unreadable;
mod vetting;
mod workload;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match commands::Command::read(&arguments).and_then(|command| command.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
