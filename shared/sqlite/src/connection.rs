//! A connection on a thread of its own, because SQLite blocks and async code must not.

use std::{sync::mpsc, thread};

use dekigoto::{FailureKind, StoreFailure};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::failure::failure_of;

/// Calls that one commit of the file makes durable together: under load they share one wait for the disk.
const CALLS_PER_COMMIT_MAX: usize = 128;

/// A call: runs its statements, unless it gets a failure, and returns what answers the caller when they are durable, or
/// are not.
type Call = Box<dyn FnOnce(Result<&Connection, StoreFailure>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), StoreFailure>) + Send>;

/// A thread that owns a connection, and what calls it. Dropping this waits until the connection is closed.
pub(crate) struct Caller {
    /// Always there, until the drop.
    calls: Option<mpsc::Sender<Call>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Caller {
    fn drop(&mut self) {
        // The thread ends after the calls that were sent.
        self.calls = None;
        // A thread that panicked has nothing more to close.
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

/// The thread that writes.
pub(crate) fn writer(connection: Connection) -> std::io::Result<Caller> {
    start("sqlite-writer", move |calls| write_all(&connection, &calls))
}

/// A thread that reads. It sees everything that was acknowledged before a call.
pub(crate) fn reader(name: &str, connection: Connection) -> std::io::Result<Caller> {
    let read_all = move |calls: mpsc::Receiver<Call>| {
        for call in calls {
            call(Ok(&connection))(Ok(()));
        }
    };
    start(name, read_all)
}

fn start(
    name: &str,
    work: impl FnOnce(mpsc::Receiver<Call>) + Send + 'static,
) -> std::io::Result<Caller> {
    let (calls, receiver) = mpsc::channel();
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || work(receiver))?;
    Ok(Caller { calls: Some(calls), thread: Some(thread) })
}

impl Caller {
    /// Runs statements on the thread. On the writer they are durable when this returns `Ok`, and undone when `work` or
    /// the commit fails.
    pub(crate) async fn call<T, E>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreFailure> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let call = move |connection: Result<&Connection, StoreFailure>| -> Answer {
            let outcome = connection.map_err(E::from);
            let outcome = outcome.and_then(|it| in_savepoint(operation, it, work));
            Box::new(move |committed| {
                // The caller may have gone away; its statements are done all the same.
                let _ = sender.send(outcome.and_then(|it| committed.map(|()| it).map_err(E::from)));
            })
        };
        let ended =
            || StoreFailure::broken(operation, "its thread has ended: start the process again");
        let sent = self.calls.as_ref().map(|calls| calls.send(Box::new(call)));
        if !matches!(sent, Some(Ok(()))) {
            return Err(ended().into());
        }
        answer.await.unwrap_or_else(|_| Err(ended().into()))
    }
}

/// Undoes the statements of `work` if it fails, and leaves those of other calls alone.
pub(crate) fn in_savepoint<T, E: From<StoreFailure>>(
    operation: &'static str,
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let run = |sql| run(connection, sql);
    let failed = |cause| E::from(failure_of(operation, &cause));
    run("savepoint call").map_err(failed)?;
    let outcome = work(connection);
    if outcome.is_err() {
        // Fails only when SQLite has ended the whole transaction by itself.
        let _ = run("rollback to call");
    }
    // The same; the commit then fails.
    let released = run("release call");
    outcome.and_then(|it| released.map(|_| it).map_err(failed))
}

fn write_all(connection: &Connection, calls: &mpsc::Receiver<Call>) {
    while let Ok(first) = calls.recv() {
        let waiting = calls.try_iter().take(CALLS_PER_COMMIT_MAX - 1);
        let calls = std::iter::once(first).chain(waiting);
        // Immediate: it must not find out later that another program is writing.
        let begun = run(connection, "begin immediate");
        let begun = begun.map_err(|cause| failure_of("SQLite begin", &cause));
        let answers: Vec<Answer> = calls
            .map(|call| call(begun.clone().and_then(|()| in_transaction(connection))))
            .collect();
        let committed = begun.and_then(|()| commit(in_transaction(connection)?));
        answers.into_iter().for_each(|answer| answer(committed.clone()));
    }
}

/// The connection, if its transaction is still open. SQLite ends one by itself after some errors, such as a full disk.
fn in_transaction(connection: &Connection) -> Result<&Connection, StoreFailure> {
    if !connection.is_autocommit() {
        return Ok(connection);
    }
    let reason = "undone, because another call of its transaction failed";
    Err(StoreFailure::new(FailureKind::Busy, "SQLite transaction", reason))
}

fn commit(connection: &Connection) -> Result<(), StoreFailure> {
    run(connection, "commit").map_err(|cause| {
        if !connection.is_autocommit() {
            let _ = run(connection, "rollback");
        }
        failure_of("SQLite commit", &cause)
    })
}

/// Runs a statement without parsing it again each time.
fn run(connection: &Connection, statement: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SQLite checks what a deferred reference names when it commits.
    #[tokio::test]
    async fn a_call_is_answered_after_its_commit_and_fails_with_it_s3() {
        let connection = Connection::open_in_memory().unwrap();
        let tables = "pragma foreign_keys = on; create table known (id integer primary key);
             create table names (known references known deferrable initially deferred)";
        connection.execute_batch(tables).unwrap();
        let writer = writer(connection).unwrap();
        let call = |statement: &'static str| {
            let work = move |it: &Connection| {
                it.execute(statement, []).map_err(|cause| failure_of("test", &cause))
            };
            writer.call::<usize, StoreFailure>("test", work)
        };
        let refused = call("insert into names values (1)").await.unwrap_err();
        assert_eq!(refused.cause.operation, "SQLite commit");
        // It is undone, and the next call has a transaction of its own.
        assert_eq!(call("insert into known values (1)").await.unwrap(), 1);
        assert_eq!(call("insert into names values (1)").await.unwrap(), 1);
        assert_eq!(call("delete from names").await.unwrap(), 1);
    }
}
