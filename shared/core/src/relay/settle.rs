//! Settles what could not be sent: puts pointers into the retry queue, and parks dead letters.

use super::{Circuit, budget::Budget};
use crate::{
    Parking, Pointer, RetryQueue, Trail, batch::Outcome, limits::BUS_BATCH_MAX,
    measure::POINTERS_PUT, trail::log_record,
};

const NO_TIME: &str = "no time was left to settle the record";

/// What is left to do with one record after sending. The default is nothing.
#[derive(Default)]
pub(super) struct Plan {
    /// What its log lines carry.
    pub(super) trail: Trail,
    /// Whether every target has the commit.
    pub(super) is_published: bool,
    /// The pointer to put into the retry queue, and why.
    pub(super) put: Option<(Pointer, String)>,
    /// The text to park, and why.
    pub(super) park: Option<(String, String)>,
    /// Why Lambda must deliver it again.
    pub(super) wait: Option<String>,
}

/// What to do after a record that Lambda must deliver again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AtFailure {
    /// Stop: a stream delivers everything after the record again.
    Stop,
    /// Go on: a queue delivers only the reported messages again.
    GoOn,
}

/// The two queues for what could not be sent.
pub(super) struct Settling<'a> {
    retry: &'a dyn RetryQueue,
    retry_circuit: Circuit,
    parking: &'a dyn Parking,
    parking_circuit: Circuit,
}

impl<'a> Settling<'a> {
    pub(super) fn new(retry: &'a dyn RetryQueue, parking: &'a dyn Parking) -> Self {
        let (retry_circuit, parking_circuit) = Default::default();
        Self { retry, retry_circuit, parking, parking_circuit }
    }

    /// Settles records in order. Returns one outcome for each, or fewer if it stops at the first failure.
    pub(super) async fn settle(
        &self,
        plans: Vec<Plan>,
        at_failure: AtFailure,
        budget: &Budget<'_>,
    ) -> Vec<Outcome> {
        let mut put = self.put_all(&plans, budget).await.into_iter();
        let mut outcomes = Vec::with_capacity(plans.len());
        for plan in plans {
            let put = plan.put.is_some().then(|| put.next()).flatten();
            outcomes.push(self.outcome(plan, put, budget).await);
            let has_failed = matches!(outcomes.last(), Some(Outcome::Retry(_)));
            if has_failed && at_failure == AtFailure::Stop {
                break;
            }
        }
        outcomes
    }

    /// Puts the pointers of all plans into the retry queue, in order and ten per call. Stops after the first call with
    /// an error. Returns one answer for each pointer.
    async fn put_all(&self, plans: &[Plan], budget: &Budget<'_>) -> Vec<Result<(), String>> {
        let pointers: Vec<Pointer> =
            plans.iter().filter_map(|plan| plan.put.as_ref()).map(|put| put.0.clone()).collect();
        let mut answers = Vec::with_capacity(pointers.len());
        for batch in pointers.chunks(BUS_BATCH_MAX) {
            answers.extend(self.put(batch, budget).await);
            if answers.iter().any(Result::is_err) {
                break;
            }
        }
        let unasked = Err("not sent, because an earlier call failed".to_owned());
        answers.resize(pointers.len(), unasked);
        answers
    }

    async fn put(&self, batch: &[Pointer], budget: &Budget<'_>) -> Vec<Result<(), String>> {
        let Some(time) = budget.to_settle() else {
            return vec![Err(NO_TIME.to_owned()); batch.len()];
        };
        let call = self.retry.put(batch);
        match self.retry_circuit.call(budget.host, time, call).await {
            Ok(answers) => {
                let mut answers: Vec<_> = answers
                    .into_iter()
                    .map(|answer| answer.map_err(|refused| refused.to_string()))
                    .collect();
                // A missing answer is not a success.
                answers.resize(batch.len(), Err("no answer for the pointer".to_owned()));
                answers
            }
            Err(reason) => vec![Err(reason); batch.len()],
        }
    }

    /// The outcome of one record. `put` is the retry queue's answer for its pointer.
    async fn outcome(
        &self,
        plan: Plan,
        put: Option<Result<(), String>>,
        budget: &Budget<'_>,
    ) -> Outcome {
        if let Some((pointer, why)) = &plan.put {
            match put {
                Some(Ok(())) => {
                    let ordinal = pointer.ordinal.get();
                    POINTERS_PUT.record(1);
                    log_record!(
                        WARN,
                        &plan.trail,
                        ordinal,
                        "A commit waits in the retry queue: {why}"
                    );
                }
                Some(Err(cause)) => return Outcome::Retry(format!("{why}; retry queue: {cause}")),
                None => return Outcome::Retry(format!("{why}; retry queue: no answer")),
            }
        }
        let parked = match plan.park {
            Some((text, reason)) => match self.park(&text, &reason, budget).await {
                Ok(()) => Some(reason),
                Err(cause) => return Outcome::Retry(format!("{reason}; parking failed: {cause}")),
            },
            None => None,
        };
        match (plan.wait, parked) {
            (Some(reason), _) => Outcome::Retry(reason),
            (None, Some(reason)) => Outcome::Parked(reason),
            (None, None) => Outcome::Applied,
        }
    }

    async fn park(&self, text: &str, reason: &str, budget: &Budget<'_>) -> Result<(), String> {
        let time = budget.to_settle().ok_or(NO_TIME)?;
        let call = self.parking.park(text, reason);
        self.parking_circuit.call(budget.host, time, call).await?;
        self.parking_circuit.worked();
        Ok(())
    }
}
