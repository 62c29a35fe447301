//! Builds the generations that an operator began. On AWS messages of a queue name the work; here the process looks for it,
//! so that a rebuild goes on after a restart.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    Parking, Ports, Source, ViewError,
    batch::Delivered,
    generations::{
        Beside, BesideState, RebuildQueue, Rebuilder, Segment, generations_of, progress_of,
    },
    replay::ReplaySource,
    views::AnyView,
};

use crate::show;

/// How often to look for a rebuild. Also the time in which one begins.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Time of one turn. Then the process looks whether the rebuild was given up.
const TURN_TIME: Duration = Duration::from_secs(30);

/// A segment that is handed on is found by the next look.
struct NextLook;

#[async_trait]
impl RebuildQueue for NextLook {
    async fn put(&self, _: &Segment) -> Result<(), Source> {
        Ok(())
    }
}

/// Works on the rebuilds of these views for ever. Must be called inside a tokio runtime.
pub(crate) fn start(
    views: Vec<Arc<dyn AnyView>>,
    ports: &Ports,
    history: Arc<dyn ReplaySource>,
    parking: Arc<dyn Parking>,
) {
    let (ports, queue) = (ports.clone(), Arc::new(NextLook));
    tokio::spawn(run(Rebuilder { views, history, ports, queue, parking }));
}

async fn run(rebuilder: Rebuilder) {
    let host = Arc::clone(&rebuilder.ports.host);
    loop {
        for view in &rebuilder.views {
            match open(&rebuilder, view.name()).await {
                Ok(messages) if messages.is_empty() => {}
                Ok(messages) => {
                    let end = host.monotonic() + TURN_TIME;
                    let time_left = || end.saturating_sub(host.monotonic());
                    let report = rebuilder.take(messages, &time_left).await;
                    show::handled(&format!("rebuild {}", view.name()), &report);
                }
                Err(cause) => show::trouble("rebuild", &cause),
            }
        }
        host.sleep(LOOK_EVERY).await;
    }
}

/// The segments of a rebuild of this view that are not done.
async fn open(rebuilder: &Rebuilder, view: &str) -> Result<Vec<Delivered<String>>, ViewError> {
    let views = &*rebuilder.ports.views;
    let generations = generations_of(views, view).await?;
    let Some(Beside { generation, state: BesideState::Building { segments, .. } }) =
        generations.beside
    else {
        return Ok(Vec::new());
    };
    let open = progress_of(views, view, generation, segments).await?.open;
    let all = Segment::all(view, generation, segments);
    let messages = all.filter(|it| open.contains(&it.segment));
    Ok(messages.map(|it| Delivered { id: it.segment.to_string(), record: it.text() }).collect())
}
