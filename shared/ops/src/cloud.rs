//! What the commands need of the place where a service runs: an AWS account, or one process. Tests use a fake.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{Attribute, Timestamp, replay::ReplaySource};
use serde::Serialize;
use serde_json::Value;

use crate::failure::{Failure, Kind};

/// A deployed stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Such as `UPDATE_COMPLETE`.
    pub status: String,
    /// The outputs of the template.
    pub outputs: BTreeMap<String, String>,
    /// The parameters of the deployment.
    pub parameters: BTreeMap<String, String>,
}

/// A queue, now. AWS calls the counts approximate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueState {
    /// Its ARN.
    pub arn: String,
    /// Messages that can be received.
    pub visible: u64,
    /// Messages that are being processed.
    pub in_flight: u64,
    /// How long a message is kept.
    pub retention: Duration,
}

/// A message of a dead-letter queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// The message's id.
    pub id: String,
    /// What deletes or releases it.
    pub receipt: String,
    /// Its body.
    pub body: String,
    /// Its attributes, as text.
    pub attributes: BTreeMap<String, String>,
    /// When it was first sent.
    pub sent_at: Option<Timestamp>,
}

/// What feeds a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Its id.
    pub id: String,
    /// The ARN of the queue or stream.
    pub source: String,
    /// Such as `Enabled` or `Disabled`.
    pub state: String,
    /// Such as `OK` or `PROBLEM: …`; empty if unknown.
    pub last_result: String,
}

impl Mapping {
    /// Whether it delivers.
    pub fn is_on(&self) -> bool {
        ["Enabled", "Enabling", "Updating", "Creating"].contains(&self.state.as_str())
    }
}

/// A function, as deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionState {
    /// The digest of its code.
    pub code: String,
    /// Such as `Active`.
    pub state: String,
    /// Its memory.
    pub megabytes: u32,
    /// When it was last changed.
    pub modified: String,
    /// Its environment.
    pub variables: BTreeMap<String, String>,
}

/// A table, as deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableState {
    /// The ARN of its stream.
    pub stream: Option<String>,
    /// Whether it can be restored to a point in time.
    pub can_be_restored: bool,
    /// Whether it refuses to be deleted.
    pub is_protected: bool,
    /// Its ARN.
    pub arn: String,
    /// Such as `ACTIVE`.
    pub status: String,
    /// How many items it has, as of some hours ago.
    pub items: Option<u64>,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmState {
    /// Its name.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// What it means.
    pub description: String,
}

/// A metric of CloudWatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Such as `AWS/Lambda`.
    pub namespace: &'static str,
    /// Such as `Invocations`.
    pub name: String,
    /// What it is about.
    pub dimensions: Vec<(&'static str, String)>,
    /// Such as `Sum`.
    pub statistic: &'static str,
}

/// How a dead-letter queue's messages were sent back by SQS itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// SQS moves them in the background.
    Started,
    /// SQS does not offer it here, as in a local emulator.
    Unsupported,
}

/// One page of a table's stream.
#[derive(Clone, Debug, Default)]
pub struct StreamPage {
    /// The new images, as DynamoDB's JSON.
    pub images: Vec<Value>,
    /// Where to go on.
    pub next: Vec<String>,
}

/// The place where a service runs, as far as the commands need it: the caller's AWS account, or one process.
///
/// An error is one sentence that says what to do; see [`Failure`].
#[async_trait]
pub trait Cloud: Send + Sync {
    /// Whether everything runs in one process. There is no deployment to check then, and no bill.
    fn is_one_process(&self) -> bool {
        false
    }

    /// Who the caller is: an ARN.
    async fn caller(&self) -> Result<String, Failure>;
    /// The stack.
    async fn stack(&self) -> Result<Stack, Failure>;
    /// A queue, by its URL.
    async fn queue(&self, url: &str) -> Result<QueueState, Failure>;
    /// Receives at most ten messages and hides them for a while. No message means that none is visible.
    async fn receive(&self, url: &str, hide: Duration) -> Result<Vec<Letter>, Failure>;
    /// Makes a received message visible again.
    async fn release(&self, url: &str, receipt: &str) -> Result<(), Failure>;
    /// Sends a message.
    async fn send(&self, url: &str, body: &str) -> Result<(), Failure>;
    /// Sends a message with attributes.
    async fn send_with(
        &self,
        url: &str,
        body: &str,
        attributes: &[(&str, Attribute)],
    ) -> Result<(), Failure>;
    /// Deletes a received message.
    async fn delete(&self, url: &str, receipt: &str) -> Result<(), Failure>;
    /// Asks SQS to move all messages of a dead-letter queue to another queue.
    async fn move_all(&self, from: &str, to: &str, per_second: u32) -> Result<Move, Failure>;
    /// The mappings that feed a function.
    async fn mappings(&self, function: &str) -> Result<Vec<Mapping>, Failure>;
    /// Turns a mapping on or off.
    async fn set_mapping(&self, id: &str, is_on: bool) -> Result<(), Failure>;
    /// Invokes a function and waits for its answer.
    async fn invoke(&self, function: &str, payload: &Value) -> Result<Value, Failure>;
    /// A JSON object of a bucket: a batch of stream records that Lambda gave up on.
    async fn object(&self, bucket: &str, key: &str) -> Result<Value, Failure> {
        let what = format!("there is no bucket {bucket} here, so {key} cannot be read");
        Err(Failure::new(Kind::NotFound, what, "name the stack with `--stack`"))
    }
    /// A function's configuration.
    async fn function(&self, name: &str) -> Result<FunctionState, Failure>;
    /// A table's configuration.
    async fn table(&self, name: &str) -> Result<TableState, Failure>;
    /// Begins to restore a table as a new one.
    async fn restore_table(
        &self,
        source: &str,
        _target: &str,
        _at: Option<Timestamp>,
    ) -> Result<(), Failure> {
        Err(no_tables(source))
    }
    /// Gives a table a stream of new images.
    async fn enable_stream(&self, table: &str) -> Result<(), Failure> {
        Err(no_tables(table))
    }
    /// Gives a table point-in-time recovery. Twice does no harm.
    async fn enable_recovery(&self, table: &str) -> Result<(), Failure> {
        Err(no_tables(table))
    }
    /// Begins to export a table, by its ARN, to a bucket: objects whose names begin with `prefix`. An export of one moment
    /// that is asked for twice is begun once. Returns its ARN.
    async fn export_table(
        &self,
        table: &str,
        _bucket: &str,
        _prefix: &str,
        _at: Option<Timestamp>,
    ) -> Result<String, Failure> {
        Err(no_tables(table))
    }
    /// The commits of another event table, such as a restored one.
    fn history(&self, table: &str) -> Result<Arc<dyn ReplaySource>, Failure> {
        Err(no_tables(table))
    }
    /// The alarms whose names begin with the stack's name.
    async fn alarms(&self, stack: &str) -> Result<Vec<AlarmState>, Failure>;
    /// Executions that the account allows at the same time.
    async fn concurrency(&self) -> Result<u64, Failure>;
    /// The value of each metric over the time before now; `None` where there is no data.
    async fn metrics(
        &self,
        wanted: &[Metric],
        now: Timestamp,
        over: Duration,
    ) -> Result<Vec<Option<f64>>, Failure>;
    /// Where the newest records of a stream will be, one place for each open shard.
    async fn stream_ends(&self, stream: &str) -> Result<Vec<String>, Failure>;
    /// Like [`stream_ends`](Self::stream_ends), but before the records that are kept at no cost. AWS keeps none so.
    async fn stream_recent(&self, stream: &str) -> Result<Vec<String>, Failure> {
        self.stream_ends(stream).await
    }
    /// The records from these places on.
    async fn stream_page(&self, places: &[String]) -> Result<StreamPage, Failure>;
}

fn no_tables(table: &str) -> Failure {
    let what = format!("{table} is no table of DynamoDB");
    Failure::new(
        Kind::Unsupported,
        what,
        "work on a deployed stack; a process's database is a file to copy",
    )
}

/// Where the lines of a command go, as they come.
pub trait Screen: Send + Sync {
    /// Shows one line.
    fn line(&self, text: &str);
    /// Whether nobody looks any more. A command that only shows something may then end.
    fn is_gone(&self) -> bool {
        false
    }
    /// Shows how far a work is, in place of what was shown before.
    fn progress(&self, _: &str) {}
}

/// A record of a change, for `dekigoto journal`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When it began.
    pub at: Timestamp,
    /// Who made it: an ARN.
    pub who: String,
    /// The command.
    pub what: String,
    /// Why, in the operator's words.
    pub why: String,
    /// What came of it.
    pub outcome: String,
}
