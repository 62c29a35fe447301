//! What every command works with.

use std::sync::Arc;

use dekigoto::{
    Ports, Service, Timestamp,
    generations::{EraseRows, Generation, in_generation},
    replay::ReplaySource,
};

use crate::{
    cloud::{Cloud, Screen, Stack},
    failure::Failure,
    journal::Journal,
    layout::Layout,
    out::Shown,
};

/// The operator's desk: the stack, the stores behind it, and how the service is made.
#[derive(Clone)]
pub(crate) struct Desk {
    /// The caller's account.
    pub(crate) cloud: Arc<dyn Cloud>,
    /// The deployed stack.
    pub(crate) stack: Stack,
    /// Its parts.
    pub(crate) layout: Layout,
    /// The event store, the view store, and the host.
    pub(crate) ports: Ports,
    /// The view store, to erase the rows of a dropped generation.
    pub(crate) eraser: Arc<dyn EraseRows>,
    /// The event store, to read all of it.
    pub(crate) history: Arc<dyn ReplaySource>,
    /// The aggregates and views.
    pub(crate) service: Service,
    /// Where lines go as they come.
    pub(crate) screen: Arc<dyn Screen>,
    /// Whether payloads are shown.
    pub(crate) shown: Shown,
    /// Whether to change something, or only to say what would change.
    pub(crate) consent: Consent,
}

/// Whether a command may change something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Only say what would happen.
    Dry,
    /// Do it: the operator said `--yes`, and why.
    Given {
        /// Why, in the operator's words.
        why: String,
    },
}

impl Desk {
    pub(crate) fn now(&self) -> Timestamp {
        self.ports.host.now()
    }

    /// The stores, with the rows of one generation of a view.
    pub(crate) fn ports_in(&self, view: &str, generation: Generation) -> Ports {
        let views = in_generation(Arc::clone(&self.ports.views), view, generation);
        Ports { views, ..self.ports.clone() }
    }

    pub(crate) fn journal(&self) -> Journal<'_> {
        Journal::new(&*self.ports.views, &*self.ports.host)
    }

    /// Makes a change and records it. Returns `None`, without a change, when the operator did not agree.
    pub(crate) async fn change<T, F>(
        &self,
        what: String,
        change: impl FnOnce() -> F,
        outcome: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let Consent::Given { why } = &self.consent else { return Ok(None) };
        let who = self.cloud.caller().await?;
        let journal = self.journal();
        // Recorded first: a change that is cut off half-way must leave a trace.
        let open = journal.begin(who, what, why.clone()).await?;
        let done = change().await;
        let text = match &done {
            Ok(done) => outcome(done),
            Err(failure) => format!("failed: {failure}"),
        };
        let ended = journal.end(open, text).await;
        let done = done?;
        ended?;
        Ok(Some(done))
    }
}

#[cfg(test)]
mod tests {
    use crate::fake::Bank;

    #[tokio::test]
    async fn no_change_is_made_or_recorded_without_agreement() {
        let (bank, agreed) = (Bank::new(), Bank::agreed());
        for (bank, is_done) in [(&bank, false), (&agreed, true)] {
            let change = || bank.desk.cloud.send("retry", "x");
            let done = bank.desk.change("a change".to_owned(), change, |()| "done".to_owned());
            assert_eq!(done.await.unwrap().is_some(), is_done);
            assert_eq!(bank.cloud.bodies("retry").len(), usize::from(is_done));
            assert_eq!(bank.journal().await.len(), usize::from(is_done));
        }
    }

    #[tokio::test]
    async fn a_change_that_fails_is_recorded_with_its_failure() {
        let bank = Bank::agreed();
        bank.cloud.state().fails = vec![("send".to_owned(), 0)];
        let change = || bank.desk.cloud.send("retry", "x");
        let failed = bank.desk.change("a change".to_owned(), change, |()| String::new()).await;
        assert!(failed.is_err());
        let journal = bank.journal().await;
        assert_eq!(journal[0].outcome, "failed: AWS is gone: try again");
    }
}
