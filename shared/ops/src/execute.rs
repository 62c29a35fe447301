//! From a parsed command to its result.

use dekigoto::{Target, views::Extent};

use crate::{
    cli::{Agreement, Command, Dlq, Letters, Republish, ToTarget},
    commands,
    commands::{Again, Replay, Switch},
    desk::{Consent, Desk},
    dlq,
    failure::Failure,
    out::Report,
};

/// Executes a command at this desk.
pub(crate) async fn execute(
    command: Command,
    desk: Desk,
    is_json: bool,
) -> Result<Report, Failure> {
    let mut desk = desk;
    match command {
        Command::Status => commands::status(&desk).await,
        Command::Doctor => commands::doctor(&desk).await,
        Command::Trace { id } => commands::trace(&desk, &id).await,
        Command::Show { stream, at } => commands::show(&desk, &stream, at).await,
        Command::Rows { id } => commands::rows(&desk, &id).await,
        Command::Tail { over, recent } => commands::tail(&desk, over, recent, is_json).await,
        Command::Deadlines { within } => commands::deadlines(&desk, within).await,
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
        #[cfg(feature = "aws")]
        Command::Console { port } => crate::console::serve(desk, port).await,
        // These are answered before there is a desk.
        #[cfg(feature = "aws")]
        Command::Migrate { .. } => Ok(Report::default()),
        #[cfg(not(feature = "aws"))]
        Command::Console { .. } => Ok(Report::default()),
        Command::Completions { .. } => Ok(Report::default()),
    }
}

impl Agreement {
    pub(crate) fn consent(self) -> Consent {
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
