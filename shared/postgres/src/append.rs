//! Appends that wait at the same time become one statement: one transaction, and one wait for the server's disk. An append
//! that comes alone, as on Lambda, is sent at once by whoever wants it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use dekigoto::{FailureKind, StoreFailure, StoredCommit};
use tokio::{runtime::Handle, sync::oneshot};

use crate::{
    Postgres,
    commit_row::{COLUMNS, segment, signed},
    session::param,
};

const APPEND: &str = "PostgreSQL append";

/// Commits of one statement. More wait for the next one.
const TOGETHER_MAX: usize = 32;

/// Whether the place of the commit was free.
type Outcome = Result<bool, StoreFailure>;

/// The appends on one connection.
#[derive(Default)]
pub(crate) struct Appends(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    is_sending: bool,
    waiting: VecDeque<Waiting>,
}

/// An append that waits for the one before it.
struct Waiting {
    commit: StoredCommit,
    answer: oneshot::Sender<Outcome>,
}

impl Appends {
    fn locked(&self) -> MutexGuard<'_, Queue> {
        // No code that holds the lock can leave the queue inconsistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to send. When it is dropped, also because its caller went away, those that wait are sent.
struct Turn(Postgres);

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queue = self.0.appends().locked();
        if queue.waiting.is_empty() {
            queue.is_sending = false;
        } else if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(send_waiting(Turn(self.0.clone())));
        } else {
            // The process ends. Those that wait learn it from their channel.
            *queue = Queue::default();
        }
    }
}

impl Postgres {
    /// Writes the commit and its entry of the outbox. `false` if the place is taken.
    pub(crate) async fn append(&self, commit: StoredCommit) -> Outcome {
        let told = {
            let mut queue = self.appends().locked();
            if queue.is_sending {
                let (answer, told) = oneshot::channel();
                queue.waiting.push_back(Waiting { commit: commit.clone(), answer });
                Some(told)
            } else {
                queue.is_sending = true;
                None
            }
        };
        if let Some(told) = told {
            let ended = |_| {
                Err(StoreFailure::new(FailureKind::Unknown, APPEND, "the process is about to end"))
            };
            return told.await.unwrap_or_else(ended);
        }
        let _turn = Turn(self.clone());
        append_one(self, &commit).await
    }
}

async fn send_waiting(turn: Turn) {
    loop {
        let mut together: Vec<Waiting> = {
            let mut queue = turn.0.appends().locked();
            let count = queue.waiting.len().min(TOGETHER_MAX);
            queue.waiting.drain(..count).collect()
        };
        if together.is_empty() {
            return;
        }
        // In one order everywhere: transactions that wait for each other's places cannot wait in a circle.
        together.sort_by(|a, b| (&a.commit.pk, a.commit.sk).cmp(&(&b.commit.pk, b.commit.sk)));
        send(&turn.0, together).await;
    }
}

/// Appends commits in one transaction.
async fn send(postgres: &Postgres, together: Vec<Waiting>) {
    let (commits, answers): (Vec<_>, Vec<_>) =
        together.into_iter().map(|it| (it.commit, it.answer)).unzip();
    let outcomes: Vec<Outcome> = match append_all(postgres, &commits).await {
        Ok(were_free) => were_free.into_iter().map(Ok).collect(),
        // To send each alone would take as long again for each.
        Err(failure) if failure.kind == FailureKind::Unknown => {
            commits.iter().map(|_| Err(failure.clone())).collect()
        }
        // All of them were undone. One at a time, only those at fault fail.
        Err(_) => {
            let mut outcomes = Vec::new();
            for commit in &commits {
                outcomes.push(append_one(postgres, commit).await);
            }
            outcomes
        }
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // The caller may have gone away; its commit is stored all the same.
        let _ = answer.send(outcome);
    }
}

async fn append_one(postgres: &Postgres, it: &StoredCommit) -> Outcome {
    let statement = format!(
        "select {}.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        postgres.schema()
    );
    let seg = segment(&it.pk);
    let (sk, v, fp) = (signed(APPEND, it.sk)?, signed(APPEND, it.v)?, it.fp.as_str());
    let params = [
        param::int2(&seg),
        param::text(&it.pk),
        param::int8(&sk),
        param::int8(&v),
        param::int8(&it.at),
        param::text(&it.ev),
        param::text(&it.key),
        param::text(&fp),
        param::text(&it.act),
        param::text(&it.cor),
        param::text(&it.cau),
        param::text(&it.tp),
        param::text(&it.sn),
    ];
    let rows = postgres.query(APPEND, &statement, &params).await.map_err(|it| it.failure)?;
    were_free(&rows, 1)?.pop().ok_or_else(said_too_little)
}

async fn append_all(
    postgres: &Postgres,
    commits: &[StoredCommit],
) -> Result<Vec<bool>, StoreFailure> {
    let statement = format!(
        "select {}.append(seg, {COLUMNS})
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) it (seg, {COLUMNS})",
        postgres.schema()
    );
    let all = |of: fn(&StoredCommit) -> &str| commits.iter().map(of).collect::<Vec<&str>>();
    let optional = |of: fn(&StoredCommit) -> Option<&str>| {
        commits.iter().map(of).collect::<Vec<Option<&str>>>()
    };
    let numbers = |of: fn(&StoredCommit) -> u64| {
        commits.iter().map(|it| signed(APPEND, of(it))).collect::<Result<Vec<i64>, _>>()
    };
    let seg: Vec<i16> = commits.iter().map(|it| segment(&it.pk)).collect();
    let (pk, sk, v) = (all(|it| &it.pk), numbers(|it| it.sk)?, numbers(|it| it.v)?);
    let at: Vec<i64> = commits.iter().map(|it| it.at).collect();
    let (ev, key, fp) = (all(|it| &it.ev), all(|it| &it.key), all(|it| it.fp.as_str()));
    let (act, cor) = (all(|it| &it.act), all(|it| &it.cor));
    let (cau, tp) = (optional(|it| it.cau.as_deref()), optional(|it| it.tp.as_deref()));
    let sn = optional(|it| it.sn.as_deref());
    let params = [
        param::int2s(&seg),
        param::texts(&pk),
        param::int8s(&sk),
        param::int8s(&v),
        param::int8s(&at),
        param::texts(&ev),
        param::texts(&key),
        param::texts(&fp),
        param::texts(&act),
        param::texts(&cor),
        param::texts(&cau),
        param::texts(&tp),
        param::texts(&sn),
    ];
    let rows = postgres.query(APPEND, &statement, &params).await.map_err(|it| it.failure)?;
    were_free(&rows, commits.len())
}

fn were_free(rows: &[tokio_postgres::Row], count: usize) -> Result<Vec<bool>, StoreFailure> {
    let free: Result<Vec<bool>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    free.ok().filter(|free| free.len() == count).ok_or_else(said_too_little)
}

/// It may have stored the commits all the same.
fn said_too_little() -> StoreFailure {
    let reason = "the server did not say whether it stored the commits";
    StoreFailure::new(FailureKind::Unknown, APPEND, reason)
}
