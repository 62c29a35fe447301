//! `dekigoto rebuild VIEW`: builds the next generation of a view beside the live one, and shows how far it is. The work is
//! done by functions, so the command can be closed and opened again.

use std::time::Duration;

use dekigoto::{
    Timestamp,
    generations::{
        Beside, BesideState, Generation, Plan, RebuildProgress, Segment, Step, preview,
        progress_of, take,
    },
};

use super::generations::{of_view, refused, view_of};
use crate::{
    desk::{Consent, Desk},
    failure::{Failure, Kind, of_store},
    out::{Report, Tone},
    text::{age, plural},
};

/// What to do with a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rebuild {
    /// Begin one, and show its progress unless it is to go on alone.
    Begin {
        /// How.
        plan: Plan,
        /// Whether to return at once.
        is_detached: bool,
    },
    /// Show the progress of the one that is under way.
    Watch,
    /// Send its segments to the functions again, as after a loss of messages.
    Resume,
}

/// How often the progress is read.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Without a saved page for this long, the rebuild may have lost its messages: more than a message is hidden.
const STALLED_AFTER: Duration = Duration::from_secs(420);

/// Characters of the bar.
const BAR: u64 = 24;

pub(crate) async fn rebuild(desk: &Desk, name: &str, wanted: Rebuild) -> Result<Report, Failure> {
    let view = view_of(desk, name)?.name();
    match wanted {
        Rebuild::Begin { plan, is_detached } => {
            let Some(begun) = begin(desk, view, plan).await? else {
                return planned(desk, view, plan).await;
            };
            if is_detached {
                let mut report = Report::default();
                report.field("generation", begun);
                let text = format!(
                    "generation {begun} of {view} is being built; `dekigoto rebuild {view} --watch` shows how far it is"
                );
                report.line(Tone::Good, text);
                return Ok(report);
            }
            watch(desk, view).await
        }
        Rebuild::Watch => watch(desk, view).await,
        Rebuild::Resume => resume(desk, view).await,
    }
}

/// Registers the generation and sends its segments. `None` when the operator did not agree.
async fn begin(desk: &Desk, view: &'static str, plan: Plan) -> Result<Option<Generation>, Failure> {
    let step = Step::Begin(plan);
    let next = preview(&*desk.ports.views, view, step, desk.now()).await;
    let next = next.map_err(|error| refused(view, &error))?;
    let queue = desk.layout.rebuild_queue()?;
    // Asked first: without its queue, the rebuild would be registered and never done.
    desk.cloud.queue(queue).await?;
    let change = || async {
        let begun = take(&*desk.ports.views, view, step, desk.now()).await;
        begun.map_err(|error| refused(view, &error))?;
        for segment in Segment::all(view, next.newest, plan.segments) {
            desk.cloud.send(queue, &segment.text()).await?;
        }
        Ok(next.newest)
    };
    let what = format!("rebuild {view} as generation {}", next.newest);
    desk.change(what, change, |generation| format!("generation {generation} is being built")).await
}

async fn planned(desk: &Desk, view: &str, plan: Plan) -> Result<Report, Failure> {
    let all = of_view(desk, view).await?;
    let mut report = Report::default();
    report.field("view", view);
    report.field("generation", all.newest.next());
    report.field("changed", false);
    let pace = plan
        .commits_per_second_max
        .map_or_else(String::new, |it| format!(", at most {it} commits a second"));
    let text = format!(
        "generation {} of {view} would be built in {}{pace}; readers stay on generation {}",
        all.newest.next(),
        plural(usize::try_from(plan.segments).unwrap_or_default(), "segment"),
        all.live
    );
    report.line(Tone::Plain, text);
    report.line(Tone::Plain, "nothing was changed; add --yes --why \"…\"");
    Ok(report)
}

/// A rebuild that is under way, or ended and not switched to.
struct Built {
    generation: Generation,
    segments: u32,
    since: Timestamp,
}

async fn built(desk: &Desk, view: &str) -> Result<Built, Failure> {
    match of_view(desk, view).await?.beside {
        Some(Beside { generation, state: BesideState::Building { segments, since, .. } }) => {
            Ok(Built { generation, segments, since })
        }
        Some(Beside { state: BesideState::Kept { .. } | BesideState::Dropping, .. }) | None => {
            Err(Failure::new(
                Kind::Refused,
                format!("no rebuild of {view} is under way"),
                format!("begin one with `dekigoto rebuild {view}`"),
            ))
        }
    }
}

async fn progress(desk: &Desk, view: &str, built: &Built) -> Result<RebuildProgress, Failure> {
    let progress = progress_of(&*desk.ports.views, view, built.generation, built.segments).await;
    progress.map_err(|error| of_store(&error))
}

async fn resume(desk: &Desk, view: &'static str) -> Result<Report, Failure> {
    let built = built(desk, view).await?;
    let open = progress(desk, view, &built).await?.open;
    let queue = desk.layout.rebuild_queue()?;
    let mut report = Report::default();
    report.field("segments", open.clone());
    if desk.consent == Consent::Dry {
        let text =
            format!("{} would be sent to the functions again", plural(open.len(), "segment"));
        report.line(Tone::Plain, text);
        report.line(Tone::Plain, "nothing was changed; add --yes --why \"…\"");
        return Ok(report);
    }
    let all = Segment::all(view, built.generation, built.segments);
    let segments: Vec<Segment> = all.filter(|it| open.contains(&it.segment)).collect();
    let change = || async {
        for segment in &segments {
            desk.cloud.send(queue, &segment.text()).await?;
        }
        Ok(segments.len())
    };
    let what = format!("resume the rebuild of {view} as generation {}", built.generation);
    desk.change(what, change, |sent| format!("sent {}", plural(*sent, "segment"))).await?;
    report.line(Tone::Good, format!("{} go on where they were", plural(open.len(), "segment")));
    Ok(report)
}

/// Shows the progress until the rebuild ends.
async fn watch(desk: &Desk, view: &str) -> Result<Report, Failure> {
    let built = built(desk, view).await?;
    let expected = desk.cloud.table(desk.layout.event_table()).await.ok().and_then(|it| it.items);
    let first = progress(desk, view, &built).await?;
    let (first_commits, first_at) = (first.commits, desk.now());
    let mut now = first;
    while !now.is_done() {
        let rate = rate(&now, &built, (first_commits, first_at), desk.now());
        desk.screen.progress(&bar(&now, rate, expected));
        let saved = now.saved_at.unwrap_or(built.since);
        let quiet = since(saved, desk.now());
        if quiet > STALLED_AFTER {
            let what = format!("no segment of {view} was saved for {}", age(quiet));
            let next = format!(
                "look at `dekigoto dlq list` and `status`, then `dekigoto rebuild {view} --resume`"
            );
            return Err(Failure::new(Kind::Refused, what, next));
        }
        desk.ports.host.sleep(LOOK_EVERY).await;
        // Somebody may have given it up.
        if self::built(desk, view).await?.generation != built.generation {
            let what = format!("generation {} of {view} was given up", built.generation);
            return Err(Failure::new(Kind::Refused, what, "look at `dekigoto journal`"));
        }
        now = progress(desk, view, &built).await?;
    }
    Ok(ended(view, &built, &now))
}

fn ended(view: &str, built: &Built, progress: &RebuildProgress) -> Report {
    let Built { generation, .. } = built;
    let mut report = Report::default();
    report.field("view", view);
    report.field("generation", generation);
    report.field("progress", progress);
    report.line(
        Tone::Good,
        format!("generation {generation} of {view} is built: {} commits", progress.commits),
    );
    if progress.set_aside > 0 {
        report.attention();
        let text = format!(
            "{} could not be folded:",
            plural(usize::try_from(progress.set_aside).unwrap_or_default(), "event")
        );
        report.line(Tone::Bad, text);
        progress.reasons.iter().for_each(|reason| report.line(Tone::Bad, format!("  {reason}")));
    }
    let next = format!(
        "check it with `dekigoto verify {view} --generation {generation}`, then `dekigoto switch {view}`"
    );
    report.line(Tone::Plain, next);
    report
}

/// Commits a second: since the command began, or since the rebuild began.
fn rate(now: &RebuildProgress, built: &Built, first: (u64, Timestamp), at: Timestamp) -> u64 {
    let (commits, time) = match now.commits.saturating_sub(first.0) {
        0 => (now.commits, since(built.since, at)),
        seen => (seen, since(first.1, at)),
    };
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    commits.saturating_mul(1000) / millis
}

fn since(start: Timestamp, end: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(end.as_millis() - start.as_millis()).unwrap_or(0))
}

/// `[#####-------]  41 %  1234567 commits, 2345 a second, about 9m left, 7 of 16 segments`. `expected` is the number of
/// commits in the store, as far as it is known; without it the segments count.
fn bar(now: &RebuildProgress, rate: u64, expected: Option<u64>) -> String {
    let all = expected.unwrap_or(0).max(now.commits);
    let (part, whole) = if expected.is_some_and(|it| it > 0) {
        (now.commits, all.max(1))
    } else {
        (u64::from(now.done), u64::from(now.segments.max(1)))
    };
    // It is not at its end before the last segment is.
    let percent = (part.saturating_mul(100) / whole).min(99);
    let full = usize::try_from(percent * BAR / 100).unwrap_or_default();
    let empty = usize::try_from(BAR).unwrap_or_default() - full;
    let left = match (expected, rate) {
        (Some(_), 1..) => {
            format!(", about {} left", age(Duration::from_secs((all - now.commits) / rate)))
        }
        (Some(_) | None, _) => String::new(),
    };
    format!(
        "[{}{}] {percent:>2} %  {} commits, {rate} a second{left}, {} of {} segments",
        "#".repeat(full),
        "-".repeat(empty),
        now.commits,
        now.done,
        now.segments
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_shows_commits_rate_and_time_left() {
        let now = RebuildProgress {
            segments: 16,
            done: 7,
            commits: 41_000,
            ..RebuildProgress::default()
        };
        assert_eq!(
            bar(&now, 100, Some(100_000)),
            "[#########---------------] 41 %  41000 commits, 100 a second, about 9m left, 7 of 16 segments"
        );
        assert_eq!(
            bar(&now, 100, None),
            "[##########--------------] 43 %  41000 commits, 100 a second, 7 of 16 segments"
        );
        let end =
            RebuildProgress { segments: 2, done: 1, commits: 9, ..RebuildProgress::default() };
        assert!(
            bar(&end, 0, Some(9))
                .starts_with("[#######################-] 99 %  9 commits, 0 a second, 1")
        );
    }
}
