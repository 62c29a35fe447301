//! The rebuild function, whose two versions share the queue of segments.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use dekigoto::{
    Host as _, Ports, Source,
    batch::Delivered,
    generations::{
        Generation, Plan, RebuildQueue, Rebuilder, Segment, Step, in_generation, progress_of, take,
    },
    views::Extent,
};

use crate::{
    stack::{Stack, TIME},
    versions::Version,
};

/// The view that is rebuilt while both versions run.
const REBUILT: &str = "order-summary";

const SEGMENTS: u32 = 2;

/// The queue of segments.
#[derive(Clone, Default)]
pub(crate) struct Segments(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl RebuildQueue for Segments {
    async fn put(&self, segment: &Segment) -> Result<(), Source> {
        self.0.lock().unwrap().push(segment.text());
        Ok(())
    }
}

impl Stack<'_> {
    /// Begins a rebuild, as the operator's command does.
    pub(crate) async fn begin_rebuild(&mut self) {
        let plan = Plan { segments: SEGMENTS, commits_per_second_max: None };
        let views = &*self.stores.views;
        let begun = take(views, REBUILT, Step::Begin(plan), self.host.now()).await.unwrap();
        let generation = begun.beside.unwrap().generation;
        for segment in Segment::all(REBUILT, generation, SEGMENTS) {
            self.segments.put(&segment).await.unwrap();
        }
    }

    /// Delivers the segments to the rebuild function of a version. What fails stays in the queue.
    pub(crate) async fn rebuild(&mut self, version: Version) {
        let rebuilder = Rebuilder {
            views: self.versions.of(version).views.clone(),
            history: self.stores.history.clone(),
            ports: self.ports(),
            queue: Arc::new(self.segments.clone()),
            parking: Arc::new(self.parking.clone()),
        };
        let messages = std::mem::take(&mut *self.segments.0.lock().unwrap());
        let numbered = messages.iter().cloned().enumerate();
        let numbered = numbered.map(|(id, record)| Delivered { id: id.to_string(), record });
        let report = rebuilder.take(numbered.collect(), || TIME).await;
        let failed = messages.into_iter().enumerate();
        let failed = failed.filter(|(id, _)| report.failed.contains(&id.to_string()));
        self.segments.0.lock().unwrap().extend(failed.map(|(_, body)| body));
        self.note_parked("the rebuild");
    }

    /// The new generation is whole, and equal to the fold of the store.
    pub(crate) async fn note_unfinished_rebuild(&mut self) {
        let generation = Generation::new(2).unwrap();
        let views = self.stores.views.clone();
        let progress = progress_of(&*views, REBUILT, generation, SEGMENTS).await.unwrap();
        if !progress.is_done() || progress.set_aside > 0 {
            self.faults.push(format!("the rebuild is not done: {progress:?}"));
        }
        let ports = Ports { views: in_generation(views, REBUILT, generation), ..self.ports() };
        let view = self.versions.new.view(REBUILT);
        let found = view.verify(&ports, &*self.stores.history, Extent::Everything).await.unwrap();
        self.note_differences(&format!("the rebuilt {REBUILT}"), &found);
    }
}
