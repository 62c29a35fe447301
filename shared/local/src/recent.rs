//! The newest commits, for an operator who watches. On AWS the stream of the event table keeps them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use dekigoto::{Commit, Source, StoredCommit, replay::ReplaySource};
use serde_json::{Map, Value, json};

/// Commits that are kept.
const COMMITS_MAX: usize = 500;

/// Commits of an earlier process that are looked at for the newest. A larger store shows only new ones.
const EARLIER_COMMITS_MAX: u32 = 10_000;

/// The newest commits, each with its number.
#[derive(Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    commits: VecDeque<(u64, Value)>,
    last: u64,
    has_earlier: bool,
}

impl Recent {
    pub(crate) fn add(&self, commit: &Commit) {
        self.lock().add(image(commit));
    }

    /// The number of the newest commit.
    pub(crate) fn end(&self) -> u64 {
        self.lock().last
    }

    /// The commits after the one with this number, and the number of the last.
    pub(crate) fn after(&self, number: u64) -> (Vec<Value>, u64) {
        let kept = self.lock();
        let later = kept.commits.iter().filter(|(it, _)| *it > number);
        (later.map(|(_, image)| image.clone()).collect(), kept.last)
    }

    /// Adds, once, the newest commits of earlier processes in front.
    pub(crate) async fn remember(&self, history: &dyn ReplaySource) -> Result<(), Source> {
        if self.lock().has_earlier {
            return Ok(());
        }
        let page = history.scan(0, 1, None, EARLIER_COMMITS_MAX).await?;
        let mut commits = page.commits;
        if page.next.is_some() {
            commits.clear();
        }
        commits.sort_by_key(|commit| commit.context().at);
        let mut kept = self.lock();
        if std::mem::replace(&mut kept.has_earlier, true) {
            return Ok(());
        }
        let known: Vec<Value> = kept.commits.drain(..).map(|(_, image)| image).collect();
        let earlier = commits.iter().map(image).filter(|image| !known.contains(image));
        let all: Vec<Value> = earlier.chain(known.iter().cloned()).collect();
        all.into_iter().for_each(|image| kept.add(image));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, image: Value) {
        self.last += 1;
        if self.commits.len() == COMMITS_MAX {
            self.commits.pop_front();
        }
        self.commits.push_back((self.last, image));
    }
}

/// The commit as DynamoDB's stream shows it.
fn image(commit: &Commit) -> Value {
    let stored = serde_json::to_value(StoredCommit::from(commit)).unwrap_or_default();
    let typed = |(name, value): (&String, &Value)| {
        let value = if value.is_number() {
            json!({ "N": value.to_string() })
        } else {
            json!({ "S": value })
        };
        (name.clone(), value)
    };
    let image: Map<String, Value> = stored.as_object().into_iter().flatten().map(typed).collect();
    Value::Object(image)
}
