//! From a parsed command to its result.

use dekigoto::{
    Target,
    generations::{Despite, Plan, Step},
    views::Extent,
};

use crate::{
    cli::{Agreement, Command, Dlq, Letters, Rebuild, Republish, ToTarget},
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
    let desk = Desk { consent: command.consent(), ..desk };
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
        Command::Dlq(Dlq::Redrive { letters, rate, .. }) => {
            dlq::redrive(&desk, &letters.filter(), rate).await
        }
        Command::Dlq(Dlq::Discard { letters, .. }) => dlq::discard(&desk, &letters.filter()).await,
        Command::Republish(wanted) => {
            let (again, targets) = (wanted.again()?, wanted.targets());
            commands::republish(&desk, &again, &targets).await
        }
        Command::Replay { to, from, types, rate, .. } => {
            let wanted = Replay { queue: to, from, types, per_second: rate };
            commands::replay(&desk, &wanted).await
        }
        Command::Verify { view, sample, all, generation } => {
            let extent = if all { Extent::Everything } else { Extent::Sample(sample) };
            commands::verify(&desk, &view, generation, extent).await
        }
        Command::Generations => commands::generations(&desk).await,
        Command::Rebuild(wanted) => commands::rebuild(&desk, &wanted.view, wanted.rebuild()).await,
        Command::Switch { view, despite_gaps, .. } => {
            let despite = if despite_gaps { Despite::Gaps } else { Despite::Nothing };
            commands::make_live(&desk, &view, Step::Switch(despite)).await
        }
        Command::Rollback { view, .. } => commands::make_live(&desk, &view, Step::RollBack).await,
        Command::Drop { view, .. } => commands::drop_generation(&desk, &view).await,
        Command::Restore { at, table, .. } => {
            commands::restore(&desk, &commands::Restore { at, table }).await
        }
        Command::Export { bucket, prefix, at, .. } => {
            commands::export(&desk, &commands::Export { bucket, prefix, at }).await
        }
        Command::Pause { name, time, .. } => commands::pause(&desk, &Switch(name), time).await,
        Command::Resume { name, .. } => commands::resume(&desk, &Switch(name)).await,
        Command::Cost { over, per } => commands::cost(&desk, over, per.as_deref()).await,
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

impl Command {
    /// Whether the operator agreed to a change.
    fn consent(&self) -> Consent {
        match self {
            Self::Dlq(Dlq::Redrive { agreement, .. } | Dlq::Discard { agreement, .. })
            | Self::Republish(Republish { agreement, .. })
            | Self::Replay { agreement, .. }
            | Self::Rebuild(Rebuild { agreement, .. })
            | Self::Switch { agreement, .. }
            | Self::Rollback { agreement, .. }
            | Self::Drop { agreement, .. }
            | Self::Pause { agreement, .. }
            | Self::Resume { agreement, .. }
            | Self::Restore { agreement, .. }
            | Self::Export { agreement, .. } => agreement.consent(),
            #[cfg(feature = "aws")]
            Self::Migrate { agreement, .. } => agreement.consent(),
            Self::Status
            | Self::Doctor
            | Self::Trace { .. }
            | Self::Show { .. }
            | Self::Rows { .. }
            | Self::Tail { .. }
            | Self::Deadlines { .. }
            | Self::Dlq(Dlq::List(_) | Dlq::Show(_))
            | Self::Verify { .. }
            | Self::Generations
            | Self::Cost { .. }
            | Self::Journal
            | Self::Console { .. }
            | Self::Completions { .. } => Consent::Dry,
        }
    }
}

impl Agreement {
    pub(crate) fn consent(&self) -> Consent {
        match &self.why {
            Some(why) if self.yes => Consent::Given { why: why.clone() },
            Some(_) | None => Consent::Dry,
        }
    }
}

impl Rebuild {
    fn rebuild(&self) -> commands::Rebuild {
        let plan = Plan { segments: self.segments, commits_per_second_max: self.rate };
        match (self.watch, self.resume) {
            (true, _) => commands::Rebuild::Watch,
            (false, true) => commands::Rebuild::Resume,
            (false, false) => commands::Rebuild::Begin { plan, is_detached: self.detach },
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
