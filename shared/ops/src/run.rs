//! From the command line to the exit code.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser as _;
use dekigoto::{Ports, Service, SystemHost, Target, views::Extent};
use dekigoto_dynamodb::{Client, DynamoEventStore, DynamoViewStore};
use serde_json::json;

use crate::{
    aws::{AwsCloud, Caller, Options},
    cli::{Agreement, Cli, Command, Common, Dlq, Letters, Republish, ToTarget, completions},
    commands,
    commands::{Again, Replay, Switch},
    desk::{Consent, Desk},
    dlq,
    failure::{Failure, Kind},
    layout::Layout,
    out::{Report, Shown, Tone, painted},
    ports::{Cloud as _, Screen},
};

/// The exit code when something needs attention.
const ATTENTION: u8 = 1;
/// The exit code of wrong arguments, as in clap.
const WRONG_ARGUMENTS: u8 = 2;
/// The exit code when the command could not do its work.
const FAILED: u8 = 3;

/// Runs the command line of this process on a service's stack.
#[must_use]
pub fn run<R>(service: &Service<R>) -> ExitCode {
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
        Ok(runtime) => runtime.block_on(execute(cli, service.without_routes())),
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

async fn execute(cli: Cli, service: Service) -> Result<Report, Failure> {
    let Cli { common, command } = cli;
    let is_json = common.json;
    let mut desk = desk(common, service).await?;
    match command {
        Command::Status => commands::status(&desk).await,
        Command::Doctor => commands::doctor(&desk).await,
        Command::Trace { id } => commands::trace(&desk, &id).await,
        Command::Show { stream, at } => commands::show(&desk, &stream, at).await,
        Command::Tail { over } => commands::tail(&desk, over, is_json).await,
        Command::Dlq(Dlq::List(letters)) => dlq::list(&desk, &letters.filter()).await,
        Command::Dlq(Dlq::Show(letters)) => dlq::show(&desk, &letters.filter()).await,
        Command::Dlq(Dlq::Redrive { letters, rate, agreement }) => {
            desk.consent = agreement.consent();
            dlq::redrive(&desk, &letters.filter(), rate).await
        }
        Command::Dlq(Dlq::Discard { letters, agreement }) => {
            desk.consent = agreement.consent();
            dlq::discard(&desk, &letters.filter()).await
        }
        Command::Republish(wanted) => {
            let (again, targets) = (wanted.again()?, wanted.targets());
            desk.consent = wanted.agreement.consent();
            commands::republish(&desk, &again, &targets).await
        }
        Command::Replay { to, from, types, rate, agreement } => {
            desk.consent = agreement.consent();
            let wanted = Replay { queue: to, from, types, per_second: rate };
            commands::replay(&desk, &wanted).await
        }
        Command::Verify { view, sample, all } => {
            let extent = if all { Extent::Everything } else { Extent::Sample(sample) };
            commands::verify(&desk, &view, extent).await
        }
        Command::Pause { name, time, agreement } => {
            desk.consent = agreement.consent();
            commands::pause(&desk, &Switch(name), time).await
        }
        Command::Resume { name, agreement } => {
            desk.consent = agreement.consent();
            commands::resume(&desk, &Switch(name)).await
        }
        Command::Cost { over } => commands::cost(&desk, over).await,
        Command::Journal => commands::journal(&desk).await,
        Command::Completions { .. } => Ok(Report::default()),
    }
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
}

impl Agreement {
    fn consent(self) -> Consent {
        match self.why {
            Some(why) if self.yes => Consent::Given { why },
            Some(_) | None => Consent::Dry,
        }
    }
}

impl Letters {
    fn filter(self) -> dlq::Filter {
        dlq::Filter { queue: self.queue, reason: self.reason, stream: self.stream }
    }
}

impl Republish {
    fn again(&self) -> Result<Again, Failure> {
        match (&self.stream, self.from, self.to) {
            (Some(stream), _, _) => Ok(Again::Stream(stream.clone())),
            (None, Some(from), Some(to)) => Ok(Again::Window { from, to }),
            (None, _, _) => Err(Failure::argument(
                "nothing is named",
                "give `--stream`, or `--from` and `--to`",
            )),
        }
    }

    fn targets(&self) -> Vec<Target> {
        match self.to_target {
            None => vec![Target::Topic, Target::Bus],
            Some(ToTarget::Topic) => vec![Target::Topic],
            Some(ToTarget::Bus) => vec![Target::Bus],
        }
    }
}
