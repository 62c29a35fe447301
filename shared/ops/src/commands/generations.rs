//! `dekigoto generations`: which generations each view has, and which is live. Also what the commands that change them
//! share.

use dekigoto::{
    generations::{Beside, BesideState, GenerationError, Generations, generations_of, progress_of},
    views::AnyView,
};
use serde_json::json;
use std::sync::Arc;

use crate::{
    desk::Desk,
    failure::{Failure, Kind, of_store},
    out::{Report, Table, Tone},
};

/// The view of this name.
///
/// # Errors
/// If there is none; names all.
pub(crate) fn view_of(desk: &Desk, name: &str) -> Result<Arc<dyn AnyView>, Failure> {
    desk.service.view_named(name).map_err(|unknown| {
        Failure::argument(
            format!("no view is called {name}"),
            format!("choose one of {}", unknown.known.join(", ")),
        )
    })
}

/// How a refused step reads to an operator.
pub(super) fn refused(view: &str, error: &GenerationError) -> Failure {
    let (what, next) = match error {
        GenerationError::Store(error) => return of_store(error),
        GenerationError::UnderWay { generation, since } => (
            format!("generation {generation} of {view} is being built since {since}"),
            format!(
                "watch it with `dekigoto rebuild {view} --watch`, or give it up with `dekigoto drop {view}`"
            ),
        ),
        GenerationError::Kept { generation } => (
            format!("generation {generation} of {view} is kept for a rollback"),
            format!("delete it with `dekigoto drop {view}`, then rebuild"),
        ),
        GenerationError::Dropping { generation } => (
            format!("generation {generation} of {view} is being dropped"),
            format!("let that end with `dekigoto drop {view}`"),
        ),
        GenerationError::NothingBeside { live } => (
            format!("{view} has only generation {live}, which is live"),
            format!("build another one with `dekigoto rebuild {view}`"),
        ),
        GenerationError::NotSwitched { generation } => (
            format!(
                "generation {generation} of {view} is not live, so there is nothing to roll back"
            ),
            format!("give it up with `dekigoto drop {view}`"),
        ),
        GenerationError::Unfinished { generation, progress } => (
            format!(
                "generation {generation} of {view} is unfinished ({} of {} segments)",
                progress.done, progress.segments
            ),
            format!("wait for its end with `dekigoto rebuild {view} --watch`"),
        ),
        GenerationError::Gaps { generation, progress } => (
            format!(
                "generation {generation} of {view} lacks {} events that could not be folded ({})",
                progress.set_aside,
                progress.reasons.join("; ")
            ),
            "mend the cause and rebuild, or add `--despite-gaps`".to_owned(),
        ),
        GenerationError::TooSoon { generation, wait } => (
            format!(
                "generation {generation} of {view} was live a moment ago, and readers may still use it"
            ),
            format!("repeat the command in {} seconds", wait.as_secs() + 1),
        ),
        GenerationError::Changed => (
            format!("somebody else changed the generations of {view} at the same time"),
            "look at them with `dekigoto generations`, and repeat the command".to_owned(),
        ),
    };
    Failure::new(Kind::Refused, what, next)
}

pub(crate) async fn generations(desk: &Desk) -> Result<Report, Failure> {
    let mut report = Report::default();
    let mut table = Table::new(["view", "live", "beside", "state"]);
    let mut listed = Vec::new();
    for view in desk.service.views() {
        let all = of_view(desk, view.name()).await?;
        let (beside, state) = match &all.beside {
            None => ("-".to_owned(), "no other generation".to_owned()),
            Some(beside) => {
                (beside.generation.to_string(), state(desk, view.name(), beside).await?)
            }
        };
        table.row(
            Tone::Plain,
            [view.name().to_owned(), all.live.to_string(), beside, state.clone()],
        );
        listed.push(json!({ "view": view.name(), "generations": all, "state": state }));
    }
    report.field("views", listed);
    report.table(table);
    Ok(report)
}

/// The generations of a view.
pub(super) async fn of_view(desk: &Desk, view: &str) -> Result<Generations, Failure> {
    generations_of(&*desk.ports.views, view).await.map_err(|error| of_store(&error))
}

async fn state(desk: &Desk, view: &str, beside: &Beside) -> Result<String, Failure> {
    Ok(match &beside.state {
        BesideState::Building { segments, since, .. } => {
            let progress =
                progress_of(&*desk.ports.views, view, beside.generation, *segments).await;
            let progress = progress.map_err(|error| of_store(&error))?;
            if progress.is_done() {
                format!("built; `dekigoto switch {view}` makes it live")
            } else {
                let (done, all) = (progress.done, progress.segments);
                format!(
                    "being built since {since}: {done} of {all} segments, {} commits",
                    progress.commits
                )
            }
        }
        BesideState::Kept { since } => {
            format!(
                "still fed since {since}; `dekigoto rollback {view}` leads back, `dekigoto drop {view}` deletes it"
            )
        }
        BesideState::Dropping => format!("being dropped; `dekigoto drop {view}` ends it"),
    })
}
