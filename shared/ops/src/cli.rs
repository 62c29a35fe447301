//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use dekigoto::{Timestamp, generations::Generation};

use crate::text::duration;

/// Look at a deployed dekigoto service, and mend it.
#[derive(Debug, Parser)]
#[command(
    name = "dekigoto",
    version,
    arg_required_else_help = true,
    after_help = "Start with `dekigoto status`. A command that changes something only says what it would do, until you \
                  add --yes --why \"…\"; it is safe to repeat, and `dekigoto journal` lists who did it and why.\n\n\
                  Exit codes: 0 all is well, 1 something needs attention, 2 wrong arguments, 3 it could not be done."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of all commands.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The CloudFormation stack
    #[arg(long, global = true, env = "DEKIGOTO_STACK", default_value = "dekigoto")]
    pub(crate) stack: String,
    /// The AWS region; by default that of the environment or the profile
    #[arg(long, global = true)]
    pub(crate) region: Option<String>,
    /// The profile of your AWS configuration
    #[arg(long, global = true)]
    pub(crate) profile: Option<String>,
    /// The endpoint of a local emulator, such as http://localhost:4566
    #[arg(long, global = true, env = "AWS_ENDPOINT_URL")]
    pub(crate) endpoint: Option<String>,
    /// A running process in place of a stack, such as that of `make run`: http://127.0.0.1:3000
    #[arg(long, global = true, env = "DEKIGOTO_PROCESS", value_name = "URL")]
    pub(crate) process: Option<String>,
    /// JSON in place of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show the values of payloads, which may be personal data
    #[arg(long, global = true)]
    pub(crate) payloads: bool,
    /// A file of certificates to trust
    #[arg(long, global = true, env = "AWS_CA_BUNDLE", hide = true)]
    pub(crate) ca_bundle: Option<String>,
}

/// Agreement to a change.
#[derive(Debug, Args)]
pub(crate) struct Agreement {
    /// Do it; without this the command only says what it would do
    #[arg(long, requires = "why")]
    pub(crate) yes: bool,
    /// Why, for the journal
    #[arg(long, value_parser = reason)]
    pub(crate) why: Option<String>,
}

fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("say why in a few words".to_owned()) } else { Ok(text.to_owned()) }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show each hop: what waits, how old it is, dead letters, and whether it is delivered
    Status,
    /// Check the deployment, and name a remedy for each finding
    Doctor,
    /// Tell the story of one aggregate: every event, and which views have it
    #[command(after_help = "Example: dekigoto trace 0198c2e4-7b1a-7000-8000-000000000001")]
    Trace {
        /// The aggregate's id, such as an order's
        id: String,
    },
    /// Show the history of a stream and the state that it leads to
    #[command(
        after_help = "Examples:\n  dekigoto show Order#0198…\n  dekigoto show Order#0198… --at 2 --payloads"
    )]
    Show {
        /// The stream: Type#id
        stream: String,
        /// Only up to this version
        #[arg(long, value_name = "VERSION")]
        at: Option<u64>,
    },
    /// Show the rows of views that the events of one aggregate changed, with their watermarks
    Rows {
        /// The aggregate's id, such as an order's
        id: String,
    },
    /// Show events as they are committed
    Tail {
        /// For how long, such as 10m
        #[arg(long = "for", default_value = "1h", value_parser = duration)]
        over: Duration,
        /// Begin with the newest events, where they are kept at no cost: in one process
        #[arg(long)]
        recent: bool,
    },
    /// List the processes that wait for a deadline
    Deadlines {
        /// Due within this time, at most 6h
        #[arg(long, default_value = "1h", value_parser = duration)]
        within: Duration,
    },
    /// See dead letters, send them back, or discard them
    #[command(subcommand)]
    Dlq(Dlq),
    /// Publish commits again; consumers see duplicates, which change nothing
    #[command(
        after_help = "A stream costs one query. A time window reads the whole event table, because commits have no index by \
                      time: some 262,000 read units for each gigabyte.\n\n\
                      Examples:\n  dekigoto republish --stream Order#0198… --to-target bus\n  \
                      dekigoto republish --from 2026-11-25T09:00:00Z --to 2026-11-25T10:00:00Z --yes --why \"bus was gone\""
    )]
    Republish(Republish),
    /// Send stored events to the queue of a new subscriber, and to nobody else
    #[command(
        after_help = "Example: dekigoto replay --to arn:aws:sqs:eu-central-1:222222222222:shipments \\\n             \
                      --from 2026-01-01T00:00:00Z --types OrderConfirmed --yes --why \"shipments begins\""
    )]
    Replay {
        /// The ARN of the queue; your credentials must be allowed to send to it
        #[arg(long, value_name = "QUEUE_ARN")]
        to: String,
        /// The events from this time on
        #[arg(long, value_parser = moment)]
        from: Timestamp,
        /// Only events of these types, such as OrderConfirmed,OrderCancelled
        #[arg(long, value_delimiter = ',')]
        types: Vec<String>,
        /// Messages a second
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        rate: u32,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Fold rows of a view again from the event store, and name those that differ
    Verify {
        /// The view, such as order-summary
        view: String,
        /// How many streams to look at
        #[arg(long, default_value_t = 500, conflicts_with = "all")]
        sample: usize,
        /// Look at every stream, and add up every row
        #[arg(long)]
        all: bool,
        /// Another generation than the live one, such as the one that was rebuilt
        #[arg(long)]
        generation: Option<Generation>,
    },
    /// List the generations of each view, and how far a rebuild is
    Generations,
    /// Build a view anew beside the live one, from the whole event store
    #[command(
        after_help = "The steps of a rebuild:\n  dekigoto rebuild order-summary --yes --why \"new field\"\n  \
                      dekigoto verify order-summary --generation 2\n  dekigoto switch order-summary --yes --why \"new field\"\n  \
                      dekigoto drop order-summary --yes --why \"the new one is good\"\n\n\
                      The command may be closed: functions do the work. --watch opens its progress again."
    )]
    Rebuild(Rebuild),
    /// Let readers read the generation that was rebuilt
    Switch {
        /// The view
        view: String,
        /// Although the new generation lacks events that could not be folded
        #[arg(long)]
        despite_gaps: bool,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Let readers read the generation before again
    Rollback {
        /// The view
        view: String,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Delete the generation that is not live, or give a rebuild up
    Drop {
        /// The view
        view: String,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Stop delivery to a view or to the publisher, for a time
    Pause {
        /// The view, or `publisher`
        name: String,
        /// For how long, at most 6h; `status` complains when it is over
        #[arg(long = "for", default_value = "30m", value_parser = duration)]
        time: Duration,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Start delivery again
    Resume {
        /// The view, or `publisher`
        name: String,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Bring the event table back as of a moment, as a new table beside it
    #[command(
        after_help = "Example: dekigoto restore --at 2026-11-25T09:00:00Z --table events-restored --yes --why \"deleted by mistake\""
    )]
    Restore {
        /// The moment, in the last 35 days; without it the latest
        #[arg(long, value_parser = moment)]
        at: Option<Timestamp>,
        /// The name of the new table. Repeat the command with it to go on after a cut
        #[arg(long)]
        table: String,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Write the event table as of a moment to a bucket
    Export {
        /// The bucket
        #[arg(long)]
        bucket: String,
        /// What the names of the objects begin with
        #[arg(long, default_value = "dekigoto")]
        prefix: String,
        /// The moment, in the last 35 days; without it now
        #[arg(long, value_parser = moment)]
        at: Option<Timestamp>,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Show what the stack used and what it costs
    #[command(after_help = "Example: dekigoto cost --over 24h --per OrdersPlaced")]
    Cost {
        /// Over which time, such as 24h
        #[arg(long, default_value = "24h", value_parser = duration)]
        over: Duration,
        /// Also for each unit of this count of the service, such as OrdersPlaced or CommandAccepted
        #[arg(long, value_name = "METRIC")]
        per: Option<String>,
    },
    /// List the changes that operators made this month
    Journal,
    /// Bring the tables of a PostgreSQL database up to date; no function does it at its start
    #[cfg(feature = "aws")]
    #[command(
        after_help = "Example: DATABASE_URL=postgres://admin@host/orders dekigoto migrate --yes --why \"release 1.4\""
    )]
    Migrate {
        /// The database, as a user that may create roles and tables
        #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
        database: String,
        /// A PEM file of the authorities to trust; without it, the connection has no TLS
        #[arg(long, value_name = "FILE", env = "DATABASE_CERTIFICATES")]
        certificates: Option<std::path::PathBuf>,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Serve a page with all of this on a loopback address, with your own credentials
    Console {
        /// The port; 0 takes any that is free
        #[arg(long, default_value_t = 3030)]
        port: u16,
    },
    /// Print completions for a shell
    #[command(after_help = "Example: source <(dekigoto completions bash)")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// What to rebuild, and how.
#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// The view, such as order-summary
    pub(crate) view: String,
    /// Parts of the event store that are read side by side
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) segments: u32,
    /// Commits a second at most, over all segments
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Return when the rebuild has begun
    #[arg(long)]
    pub(crate) detach: bool,
    /// Show how far the rebuild is that is under way
    #[arg(long, conflicts_with_all = ["resume", "detach"])]
    pub(crate) watch: bool,
    /// Send what is left to the functions again, after messages were lost
    #[arg(long, conflicts_with = "detach")]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

/// What to do with dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum Dlq {
    /// Count them by queue and reason
    List(Letters),
    /// Show each, with its payload masked
    Show(Letters),
    /// Send them back, each on its own way; do this after the cause is mended
    #[command(
        after_help = "Example: dekigoto dlq redrive --queue order-summary --yes --why \"fixed in 1.4.2\""
    )]
    Redrive {
        #[command(flatten)]
        letters: Letters,
        /// Letters a second
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        rate: u32,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Delete them for good; the events stay in the event store
    Discard {
        #[command(flatten)]
        letters: Letters,
        #[command(flatten)]
        agreement: Agreement,
    },
}

/// Which letters.
#[derive(Debug, Args)]
pub(crate) struct Letters {
    /// Only of this queue: a view, publisher, stream or subscription
    #[arg(long)]
    pub(crate) queue: Option<String>,
    /// Only those whose reason contains this text
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Only those of this stream: Type#id
    #[arg(long)]
    pub(crate) stream: Option<String>,
}

/// What to publish again.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["stream", "from"])))]
pub(crate) struct Republish {
    /// The commits of this stream: Type#id
    #[arg(long)]
    pub(crate) stream: Option<String>,
    /// Of a stream: only to this target
    #[arg(long, value_enum, requires = "stream")]
    pub(crate) to_target: Option<ToTarget>,
    /// The commits from this time on
    #[arg(long, requires = "to", value_parser = moment)]
    pub(crate) from: Option<Timestamp>,
    /// The commits before this time
    #[arg(long, requires = "from", value_parser = moment)]
    pub(crate) to: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

/// A target of the publisher.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ToTarget {
    /// The topic of domain events
    Topic,
    /// The bus of integration events
    Bus,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("{text:?} is no time; write it as 2026-11-25T09:00:00Z"))
}

/// The completions of a shell.
#[cfg(feature = "aws")]
pub(crate) fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    use clap::CommandFactory as _;

    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "dekigoto", &mut text);
    text
}

#[cfg(test)]
mod tests;
