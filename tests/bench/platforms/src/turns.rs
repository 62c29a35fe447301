//! Two sides in turns.

use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Turns of each side.
const ROUNDS: usize = 7;
const ROUND_TIME: Duration = Duration::from_secs(1);

/// What was measured.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    /// What the other side does.
    pub(crate) bare: &'static str,
    /// A second, of ours.
    pub(crate) ours: f64,
    /// A second, of the other side.
    pub(crate) theirs: Option<f64>,
    /// The least ratio that is accepted.
    pub(crate) budget: Option<f64>,
}

impl Row {
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.theirs.map(|theirs| self.ours / theirs)
    }

    pub(crate) fn holds(&self) -> bool {
        self.budget.is_none_or(|budget| self.ratio().is_some_and(|ratio| ratio >= budget))
    }
}

/// A number that no other call gets, in this run or in one before it on the same server.
pub(crate) fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    u64::from(std::process::id()) * 1_000_000_000 + NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Measures both sides, with this many loops at the same time.
pub(crate) async fn turns<A: Future<Output = ()>, B: Future<Output = ()>>(
    writers: usize,
    ours: impl Fn(usize) -> A,
    bare: impl Fn(usize) -> B,
) -> (f64, f64) {
    let (mut of_ours, mut of_bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_ours.push(rate(writers, &ours).await);
        of_bare.push(rate(writers, &bare).await);
    }
    (median(of_ours), median(of_bare))
}

async fn rate<F: Future<Output = ()>>(writers: usize, once: &impl Fn(usize) -> F) -> f64 {
    let began = Instant::now();
    let loops = (0..writers).map(|writer| async move {
        let mut done = 0_u32;
        while began.elapsed() < ROUND_TIME {
            once(writer).await;
            done += 1;
        }
        done
    });
    let done: u32 = futures_util::future::join_all(loops).await.into_iter().sum();
    f64::from(done) / began.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
