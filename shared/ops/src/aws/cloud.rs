//! Each operation that the commands need: its request, and the fields of its answer.

#![expect(clippy::indexing_slicing, reason = "a field that a JSON value lacks reads as null")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{Attribute, Fingerprint, Timestamp, replay::ReplaySource};
use dekigoto_dynamodb::{Client, DynamoEventStore};
use serde_json::{Value, json};

use super::{
    answer::Asked,
    call::{Caller, encoded, parsed},
    metric, xml,
};
use crate::{
    cloud::{
        AlarmState, Cloud, FunctionState, Letter, Mapping, Metric, Move, QueueState, Stack,
        StreamPage, TableState,
    },
    failure::{Failure, Kind},
};

/// Messages in one receive: the limit of SQS.
const RECEIVE_MAX: u32 = 10;

/// Records in one read of a stream's shard.
const RECORDS_MAX: u32 = 100;

/// The deployed stack, through the caller's own permissions.
pub(crate) struct AwsCloud {
    pub(crate) caller: Caller,
    pub(crate) stack: String,
}

impl AwsCloud {
    async fn sqs(&self, operation: &str, url: &str, body: Value) -> Result<Value, Failure> {
        let action = format!("sqs:{operation}");
        let asked = Asked { action: &action, about: name_of(url) };
        self.caller.json("sqs", "AmazonSQS", asked, &body).await
    }

    async fn dynamodb(&self, operation: &str, about: &str, body: Value) -> Result<Value, Failure> {
        let action = format!("dynamodb:{operation}");
        let asked = Asked { action: &action, about };
        self.caller.json("dynamodb", "DynamoDB_20120810", asked, &body).await
    }

    async fn streams(&self, operation: &str, about: &str, body: Value) -> Result<Value, Failure> {
        let action = format!("dynamodb:{operation}");
        let asked = Asked { action: &action, about };
        self.caller.json("streams.dynamodb", "DynamoDBStreams_20120810", asked, &body).await
    }
}

#[async_trait]
impl Cloud for AwsCloud {
    async fn caller(&self) -> Result<String, Failure> {
        let asked = Asked { action: "sts:GetCallerIdentity", about: "yourself" };
        let xml = self.caller.query("sts", "2011-06-15", asked, &[]).await?;
        Ok(xml::first(&xml, "Arn").unwrap_or_else(|| "unknown".to_owned()))
    }

    async fn stack(&self) -> Result<Stack, Failure> {
        let about = format!("the stack {} in {}", self.stack, self.caller.region());
        let asked = Asked { action: "cloudformation:DescribeStacks", about: &about };
        let fields = [("StackName".to_owned(), self.stack.clone())];
        let xml = self.caller.query("cloudformation", "2010-05-15", asked, &fields).await?;
        let pairs = |list: &str, name: &str, value: &str| -> BTreeMap<String, String> {
            let list = xml::all(&xml, list);
            let members = list.iter().flat_map(|list| xml::all(list, "member"));
            members
                .filter_map(|it| {
                    Some((xml::first(it, name)?, xml::first(it, value).unwrap_or_default()))
                })
                .collect()
        };
        Ok(Stack {
            name: self.stack.clone(),
            status: xml::first(&xml, "StackStatus").unwrap_or_default(),
            outputs: pairs("Outputs", "OutputKey", "OutputValue"),
            parameters: pairs("Parameters", "ParameterKey", "ParameterValue"),
        })
    }

    async fn queue(&self, url: &str) -> Result<QueueState, Failure> {
        let body = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
        let answer = self.sqs("GetQueueAttributes", url, body).await?;
        let attribute =
            |name: &str| answer["Attributes"][name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| attribute(name).parse().unwrap_or(0);
        Ok(QueueState {
            arn: attribute("QueueArn"),
            visible: number("ApproximateNumberOfMessages"),
            in_flight: number("ApproximateNumberOfMessagesNotVisible"),
            retention: Duration::from_secs(number("MessageRetentionPeriod")),
        })
    }

    async fn receive(&self, url: &str, hide: Duration) -> Result<Vec<Letter>, Failure> {
        let body = json!({
            "QueueUrl": url, "MaxNumberOfMessages": RECEIVE_MAX, "VisibilityTimeout": hide.as_secs(),
            "WaitTimeSeconds": 1, "MessageAttributeNames": ["All"], "AttributeNames": ["All"],
            "MessageSystemAttributeNames": ["All"],
        });
        let answer = self.sqs("ReceiveMessage", url, body).await?;
        let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
        Ok(messages.iter().map(letter).collect())
    }

    async fn release(&self, url: &str, receipt: &str) -> Result<(), Failure> {
        let body = json!({ "QueueUrl": url, "ReceiptHandle": receipt, "VisibilityTimeout": 0 });
        self.sqs("ChangeMessageVisibility", url, body).await.map(drop)
    }

    async fn send(&self, url: &str, body: &str) -> Result<(), Failure> {
        let body = json!({ "QueueUrl": url, "MessageBody": body });
        self.sqs("SendMessage", url, body).await.map(drop)
    }

    async fn send_with(
        &self,
        url: &str,
        body: &str,
        attributes: &[(&str, Attribute)],
    ) -> Result<(), Failure> {
        let typed = attributes.iter().map(|(name, value)| {
            let kind = match value {
                Attribute::Text(_) => "String",
                Attribute::Number(_) => "Number",
            };
            let typed = json!({ "DataType": kind, "StringValue": value.to_string() });
            ((*name).to_owned(), typed)
        });
        let typed: serde_json::Map<String, Value> = typed.collect();
        let body = json!({ "QueueUrl": url, "MessageBody": body, "MessageAttributes": typed });
        self.sqs("SendMessage", url, body).await.map(drop)
    }

    async fn delete(&self, url: &str, receipt: &str) -> Result<(), Failure> {
        let body = json!({ "QueueUrl": url, "ReceiptHandle": receipt });
        self.sqs("DeleteMessage", url, body).await.map(drop)
    }

    async fn move_all(&self, from: &str, to: &str, per_second: u32) -> Result<Move, Failure> {
        let body = json!({
            "SourceArn": from, "DestinationArn": to, "MaxNumberOfMessagesPerSecond": per_second,
        });
        match self.sqs("StartMessageMoveTask", from, body).await {
            Ok(_) => Ok(Move::Started),
            Err(failure) if failure.kind == Kind::Unsupported => Ok(Move::Unsupported),
            Err(failure) => Err(failure),
        }
    }

    async fn mappings(&self, function: &str) -> Result<Vec<Mapping>, Failure> {
        let asked = Asked { action: "lambda:ListEventSourceMappings", about: function };
        let path = format!("/2015-03-31/event-source-mappings/?FunctionName={}", encoded(function));
        let answer = parsed(asked, &self.caller.rest("GET", &path, asked, "").await?)?;
        let text = |it: &Value, name: &str| it[name].as_str().unwrap_or_default().to_owned();
        let listed = answer["EventSourceMappings"].as_array().cloned().unwrap_or_default();
        let mappings = listed.iter().map(|it| Mapping {
            id: text(it, "UUID"),
            source: text(it, "EventSourceArn"),
            state: text(it, "State"),
            last_result: text(it, "LastProcessingResult"),
        });
        Ok(mappings.collect())
    }

    async fn set_mapping(&self, id: &str, is_on: bool) -> Result<(), Failure> {
        let asked = Asked { action: "lambda:UpdateEventSourceMapping", about: id };
        let path = format!("/2015-03-31/event-source-mappings/{}", encoded(id));
        let body = json!({ "Enabled": is_on }).to_string();
        self.caller.rest("PUT", &path, asked, &body).await.map(drop)
    }

    async fn invoke(&self, function: &str, payload: &Value) -> Result<Value, Failure> {
        let asked = Asked { action: "lambda:InvokeFunction", about: function };
        let path = format!("/2015-03-31/functions/{}/invocations", encoded(function));
        let answer = self.caller.rest("POST", &path, asked, &payload.to_string()).await?;
        match &answer.error {
            None => parsed(asked, &answer),
            Some(_) => Err(Failure::new(
                Kind::Refused,
                format!("the function {function} failed"),
                "read its log, mend it, and repeat the command",
            )),
        }
    }

    async fn object(&self, bucket: &str, key: &str) -> Result<Value, Failure> {
        let about = format!("{bucket}/{key}");
        let asked = Asked { action: "s3:GetObject", about: &about };
        parsed(asked, &self.caller.object(bucket, key, asked).await?)
    }

    async fn function(&self, name: &str) -> Result<FunctionState, Failure> {
        let asked = Asked { action: "lambda:GetFunctionConfiguration", about: name };
        let path = format!("/2015-03-31/functions/{}/configuration", encoded(name));
        let answer = parsed(asked, &self.caller.rest("GET", &path, asked, "").await?)?;
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let variables = answer["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
        let variables =
            variables.into_iter().filter_map(|(name, it)| Some((name, it.as_str()?.to_owned())));
        Ok(FunctionState {
            code: text("CodeSha256"),
            state: text("State"),
            megabytes: answer["MemorySize"].as_u64().and_then(|it| it.try_into().ok()).unwrap_or(0),
            modified: text("LastModified"),
            variables: variables.collect(),
        })
    }

    async fn table(&self, name: &str) -> Result<TableState, Failure> {
        let described = self.dynamodb("DescribeTable", name, json!({ "TableName": name })).await?;
        let table = &described["Table"];
        let backups =
            self.dynamodb("DescribeContinuousBackups", name, json!({ "TableName": name })).await?;
        let recovery = &backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"];
        Ok(TableState {
            stream: table["LatestStreamArn"].as_str().map(str::to_owned),
            can_be_restored: recovery["PointInTimeRecoveryStatus"] == "ENABLED",
            is_protected: table["DeletionProtectionEnabled"] == true,
            arn: table["TableArn"].as_str().unwrap_or_default().to_owned(),
            status: table["TableStatus"].as_str().unwrap_or_default().to_owned(),
            items: table["ItemCount"].as_u64().filter(|items| *items > 0),
        })
    }

    async fn restore_table(
        &self,
        source: &str,
        target: &str,
        at: Option<Timestamp>,
    ) -> Result<(), Failure> {
        let mut body = json!({ "SourceTableName": source, "TargetTableName": target });
        match at {
            Some(at) => body["RestoreDateTime"] = seconds(at),
            None => body["UseLatestRestorableTime"] = true.into(),
        }
        self.dynamodb("RestoreTableToPointInTime", source, body).await.map(drop)
    }

    async fn enable_stream(&self, table: &str) -> Result<(), Failure> {
        let stream = json!({ "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" });
        let body = json!({ "TableName": table, "StreamSpecification": stream });
        self.dynamodb("UpdateTable", table, body).await.map(drop)
    }

    async fn enable_recovery(&self, table: &str) -> Result<(), Failure> {
        let recovery = json!({ "PointInTimeRecoveryEnabled": true });
        let body = json!({ "TableName": table, "PointInTimeRecoverySpecification": recovery });
        self.dynamodb("UpdateContinuousBackups", table, body).await.map(drop)
    }

    async fn export_table(
        &self,
        table: &str,
        bucket: &str,
        prefix: &str,
        at: Option<Timestamp>,
    ) -> Result<String, Failure> {
        let mut body = json!({
            "TableArn": table, "S3Bucket": bucket, "S3Prefix": prefix, "ExportFormat": "DYNAMODB_JSON",
        });
        if let Some(at) = at {
            // Only an export of one moment is the same export when it is asked for again.
            let place = format!("{table} {bucket} {prefix} {at}");
            body["ExportTime"] = seconds(at);
            body["ClientToken"] = json!(Fingerprint::of(&[&place]));
        }
        let answer = self.dynamodb("ExportTableToPointInTime", table, body).await?;
        Ok(answer["ExportDescription"]["ExportArn"].as_str().unwrap_or_default().to_owned())
    }

    fn history(&self, table: &str) -> Result<Arc<dyn ReplaySource>, Failure> {
        let client = Client::new(&self.caller.config);
        Ok(Arc::new(DynamoEventStore::new(client, table)))
    }

    async fn alarms(&self, stack: &str) -> Result<Vec<AlarmState>, Failure> {
        let asked = Asked { action: "cloudwatch:DescribeAlarms", about: stack };
        let fields = [("AlarmNamePrefix".to_owned(), format!("{stack}-"))];
        let xml = self.caller.query("monitoring", "2010-08-01", asked, &fields).await?;
        let lists = xml::all(&xml, "MetricAlarms");
        let members = lists.iter().flat_map(|list| xml::all(list, "member"));
        let text = |it: &str, name: &str| xml::first(it, name).unwrap_or_default();
        let alarms =
            members.filter(|it| xml::first(it, "AlarmName").is_some()).map(|it| AlarmState {
                name: text(it, "AlarmName"),
                state: text(it, "StateValue"),
                description: text(it, "AlarmDescription"),
            });
        Ok(alarms.collect())
    }

    async fn concurrency(&self) -> Result<u64, Failure> {
        let asked = Asked { action: "lambda:GetAccountSettings", about: "the account" };
        let answer = self.caller.rest("GET", "/2016-08-19/account-settings/", asked, "").await?;
        let answer = parsed(asked, &answer)?;
        Ok(answer["AccountLimit"]["ConcurrentExecutions"].as_u64().unwrap_or(0))
    }

    async fn metrics(
        &self,
        wanted: &[Metric],
        now: Timestamp,
        over: Duration,
    ) -> Result<Vec<Option<f64>>, Failure> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let asked = Asked { action: "cloudwatch:GetMetricData", about: "the stack's metrics" };
        let fields = metric::fields(wanted, now, over);
        let xml = self.caller.query("monitoring", "2010-08-01", asked, &fields).await?;
        Ok(metric::values(&xml, wanted))
    }

    async fn stream_ends(&self, stream: &str) -> Result<Vec<String>, Failure> {
        let described =
            self.streams("DescribeStream", stream, json!({ "StreamArn": stream })).await?;
        let shards =
            described["StreamDescription"]["Shards"].as_array().cloned().unwrap_or_default();
        let mut places = Vec::new();
        // A closed shard gets no more records.
        let is_open =
            |shard: &&Value| shard["SequenceNumberRange"]["EndingSequenceNumber"].is_null();
        for shard in shards.iter().filter(is_open) {
            let body = json!({
                "StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "LATEST",
            });
            let answer = self.streams("GetShardIterator", stream, body).await?;
            places.extend(answer["ShardIterator"].as_str().map(str::to_owned));
        }
        Ok(places)
    }

    async fn stream_page(&self, places: &[String]) -> Result<StreamPage, Failure> {
        let mut page = StreamPage::default();
        for place in places {
            let body = json!({ "ShardIterator": place, "Limit": RECORDS_MAX });
            let answer = self.streams("GetRecords", "the stream of the event table", body).await?;
            let records = answer["Records"].as_array().cloned().unwrap_or_default();
            let images = records.iter().map(|it| it["dynamodb"]["NewImage"].clone());
            page.images.extend(images.filter(|image| !image.is_null()));
            page.next.extend(answer["NextShardIterator"].as_str().map(str::to_owned));
        }
        Ok(page)
    }
}

/// A moment as DynamoDB's JSON has it: seconds since 1970.
fn seconds(at: Timestamp) -> Value {
    json!(at.as_millis() / 1000)
}

fn name_of(url: &str) -> &str {
    url.rsplit(['/', ':']).next().unwrap_or(url)
}

fn letter(message: &Value) -> Letter {
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let attributes = message["MessageAttributes"].as_object().cloned().unwrap_or_default();
    let attributes = attributes
        .into_iter()
        .filter_map(|(name, it)| Some((name, it["StringValue"].as_str()?.to_owned())));
    let sent = message["Attributes"]["SentTimestamp"].as_str();
    let sent = sent.and_then(|millis| millis.parse().ok());
    Letter {
        id: text("MessageId"),
        receipt: text("ReceiptHandle"),
        body: text("Body"),
        attributes: attributes.collect(),
        sent_at: sent.and_then(|millis| Timestamp::from_millis(millis).ok()),
    }
}
