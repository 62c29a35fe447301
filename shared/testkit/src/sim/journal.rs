//! What happened in a run: the trace's hash, the last steps, the marks, the faults and what was found wrong.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use super::{Fault, Site};

/// The number of steps that a failure shows.
const STEPS_SHOWN: usize = 40;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant, such as `S8`.
    pub invariant: &'static str,
    /// What happened.
    pub what: String,
}

/// The journal of one run.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    hash: u64,
    steps: Option<VecDeque<String>>,
    /// Branches that were reached.
    pub marks: BTreeSet<&'static str>,
    /// The calls that the plan could make fail, in the order of their numbers: all before it was healed.
    pub at_risk: Vec<&'static Site>,
    /// The faults that happened, by the number of the call.
    pub fired: Vec<(u64, &'static str, Fault)>,
    /// How often other actions were tried: poison, redelivery, damage.
    pub tried: BTreeMap<&'static str, u64>,
    /// The violations.
    pub violations: Vec<Violation>,
}

impl Journal {
    /// A journal that keeps the text of the last steps, or only the hash of all.
    #[must_use]
    pub fn new(keeps_steps: bool) -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            steps: keeps_steps.then(VecDeque::new),
            ..Self::default()
        }
    }

    /// The hash of all steps: two runs have the same hash only if they did the same.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The last steps, oldest first.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flatten().map(String::as_str)
    }

    /// Adds a number to the hash.
    pub(super) fn stir(&mut self, number: u64) {
        // FNV-1a, one word at a time.
        self.hash = (self.hash ^ number).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    }

    pub(super) fn stir_text(&mut self, text: &str) {
        text.as_bytes().chunks(8).for_each(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.stir(u64::from_le_bytes(word));
        });
    }

    pub(super) fn step(&mut self, now: Duration, text: impl FnOnce() -> String) {
        let Some(steps) = &mut self.steps else { return };
        if steps.len() == STEPS_SHOWN {
            steps.pop_front();
        }
        steps.push_back(format!("{:>10.3}s {}", now.as_secs_f64(), text()));
    }
}
