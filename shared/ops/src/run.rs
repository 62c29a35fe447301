//! From the command line to the exit code.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser as _;
use dekigoto::{KeptHandlers, Ports, Role, Service, SystemHost};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use serde_json::json;

use crate::{
    aws::{AwsCloud, Caller, Options},
    cli::{Cli, Command, Common, completions},
    cloud::{Cloud as _, Screen},
    commands::migrate,
    desk::{Consent, Desk},
    execute::execute,
    failure::{Failure, Kind},
    layout::Layout,
    out::{Report, Shown, Tone, painted},
    process::Process,
};

/// The exit code when something needs attention.
const ATTENTION: u8 = 1;
/// The exit code of wrong arguments, as in clap.
const WRONG_ARGUMENTS: u8 = 2;
/// The exit code when the command could not do its work.
const FAILED: u8 = 3;

/// Runs the command line of this process on a service's stack.
#[must_use]
pub fn run<R: Role<Handlers = KeptHandlers>>(service: &Service<R>) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(WRONG_ARGUMENTS));
        }
    };
    if let Command::Completions { shell } = cli.command {
        let _ = std::io::stdout().write_all(&completions(shell));
        return ExitCode::SUCCESS;
    }
    let is_json = cli.common.json;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(carried_out(cli, service.without_routes())),
        Err(cause) => {
            Err(Failure::new(Kind::Refused, format!("no runtime starts ({cause})"), "try again"))
        }
    };
    ended(done, is_json)
}

/// Prints the result; returns the exit code.
fn ended(done: Result<Report, Failure>, is_json: bool) -> ExitCode {
    let is_coloured = is_coloured();
    match done {
        Ok(report) => {
            let text =
                if is_json { format!("{}\n", report.json()) } else { report.text(is_coloured) };
            // A reader such as `head` may have closed the pipe.
            let _ = std::io::stdout().write_all(text.as_bytes());
            if report.needs_attention() { ExitCode::from(ATTENTION) } else { ExitCode::SUCCESS }
        }
        Err(failure) => {
            if is_json {
                let error =
                    json!({ "error": { "kind": failure.kind, "text": failure.to_string() } });
                let _ = writeln!(std::io::stdout(), "{error}");
            } else {
                let text = painted(Tone::Bad, &format!("dekigoto: {failure}"), is_coloured);
                let _ = writeln!(std::io::stderr(), "{text}");
            }
            let is_argument = failure.kind == Kind::Argument;
            ExitCode::from(if is_argument { WRONG_ARGUMENTS } else { FAILED })
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "read once: https://no-color.org")]
fn is_coloured() -> bool {
    std::io::stdout().is_terminal() && std::env::var("NO_COLOR").is_err()
}

async fn carried_out(cli: Cli, service: Service) -> Result<Report, Failure> {
    let Cli { common, command } = cli;
    let is_json = common.json;
    if let Some(url) = common.process.as_deref().filter(|it| !it.is_empty()) {
        if matches!(command, Command::Console { .. }) {
            return Err(Failure::argument(
                "a process serves its console itself",
                format!("open {url}/console"),
            ));
        }
        let words = words_of(std::env::args().skip(1));
        return Process::at(url)?.execute(&words, &Terminal { is_json }).await;
    }
    // It needs a database, and no stack.
    if let Command::Migrate { database, certificates, agreement } = command {
        return migrate(&database, certificates.as_deref(), &agreement.consent()).await;
    }
    execute(command, desk(common, service).await?, is_json).await
}

/// The words of a command line without the options that this process itself follows.
fn words_of(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => {}
            "--process" => drop(words.next()),
            it if it.starts_with("--process=") => {}
            _ => kept.push(word),
        }
    }
    kept
}

async fn desk(common: Common, service: Service) -> Result<Desk, Failure> {
    let options = Options {
        region: common.region,
        profile: common.profile,
        endpoint: common.endpoint.filter(|it| !it.is_empty()),
        ca_bundle: common.ca_bundle.filter(|it| !it.is_empty()),
    };
    let cloud = AwsCloud { caller: Caller::new(options).await?, stack: common.stack };
    let stack = cloud.stack().await?;
    let layout = Layout::of(&stack)?;
    let client = Client::new(&cloud.caller.config);
    let store = Arc::new(DynamoEventStore::new(client.clone(), layout.event_table()));
    let views = Arc::new(DynamoViewStore::new(client, layout.view_table()));
    Ok(Desk {
        cloud: Arc::new(cloud),
        stack,
        layout,
        eraser: views.clone(),
        ports: Ports { store: store.clone(), views, host: Arc::new(SystemHost) },
        history: store,
        service,
        screen: Arc::new(Terminal { is_json: common.json }),
        shown: if common.payloads { Shown::Whole } else { Shown::Masked },
        consent: Consent::Dry,
    })
}

/// Shows lines as they come: on standard output, or with `--json` on standard error, so that the output stays JSON.
struct Terminal {
    is_json: bool,
}

impl Screen for Terminal {
    fn line(&self, text: &str) {
        let is_event = text.starts_with('{');
        let _ = if self.is_json && !is_event {
            writeln!(std::io::stderr(), "{text}")
        } else {
            writeln!(std::io::stdout(), "{text}")
        };
    }

    /// On a terminal one line that changes; elsewhere nothing, because a log of it helps nobody.
    fn progress(&self, text: &str) {
        let mut error = std::io::stderr();
        if error.is_terminal() {
            let _ = write!(error, "\r\u{1b}[K{text}");
            let _ = error.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn a_process_gets_the_words_without_those_for_this_one() {
        let words =
            ["--process", "http://127.0.0.1:3000", "dlq", "list", "--json", "--reason", "x"];
        let words = words_of(words.iter().map(|word| (*word).to_owned()));
        assert_eq!(words, ["dlq", "list", "--reason", "x"]);
        let words = ["status", "--process=http://127.0.0.1:3000"];
        assert_eq!(words_of(words.iter().map(|word| (*word).to_owned())), ["status"]);
    }
}
