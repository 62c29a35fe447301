//! The requests of clients and their answers: the system as seen from outside.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde::Deserialize;
use serde_json::Value;

/// The request of a command.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Asked {
    Place,
    Pay,
    Refund,
    Confirm,
    Ship,
    Deliver,
    Cancel,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) replayed: bool,
    pub(crate) from_store: bool,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Whether the client may stop asking.
    pub(crate) fn is_definite(&self) -> bool {
        self.status < 500 && self.code() != "version-conflict"
    }
}

/// The versions of a client's streams at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: Duration,
    pub(crate) order: usize,
    pub(crate) payment: usize,
}

/// One sending of a command.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) began: Moment,
    pub(crate) ended: Moment,
    /// `None` if no answer came back.
    pub(crate) answer: Option<Answer>,
}

/// One command, with all its sendings.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) actor: String,
    pub(crate) key: String,
    pub(crate) asked: Asked,
    pub(crate) order: String,
    pub(crate) body: Value,
    pub(crate) if_match: Option<u64>,
    /// Sent several times at once.
    pub(crate) is_parallel: bool,
    /// Whether the client repeats it until it has a definite answer.
    pub(crate) is_patient: bool,
    pub(crate) attempts: Vec<Attempt>,
}

impl Op {
    pub(crate) fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.attempts.iter().filter_map(|attempt| attempt.answer.as_ref())
    }

    /// The first answer that accepts the command.
    pub(crate) fn accepted(&self) -> Option<&Answer> {
        self.answers().find(|answer| (200..300).contains(&answer.status))
    }

    /// The stream that the command writes to.
    pub(crate) fn stream(&self) -> String {
        match self.asked {
            Asked::Pay | Asked::Refund => format!("Payment#{}", self.order),
            Asked::Place | Asked::Confirm | Asked::Ship | Asked::Deliver | Asked::Cancel => {
                format!("Order#{}", self.order)
            }
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("{:?} by {} under {} on {}", self.asked, self.actor, self.key, self.order)
    }
}

/// Every command of a run.
#[derive(Clone, Default)]
pub(crate) struct History(Arc<Mutex<Vec<Op>>>);

impl History {
    pub(crate) fn ops(&self) -> MutexGuard<'_, Vec<Op>> {
        self.0.lock().unwrap()
    }

    /// Adds a command. Returns its place.
    pub(crate) fn begin(&self, op: Op) -> usize {
        let mut ops = self.ops();
        ops.push(op);
        ops.len() - 1
    }
}
