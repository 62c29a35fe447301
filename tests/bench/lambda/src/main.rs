//! What a Lambda costs that a user writes by hand, without a kit: it parses the event, makes the calls that the setting
//! `BARE` names, and answers. It has the HTTP client and the settings of the functions, so that only the code differs.

mod publish;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use dekigoto_lambda::{Config, aws};
use futures_util::future::try_join_all;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use publish::Targets;
use serde_json::{Value, json};

/// The calls for a request or for a message of a queue.
#[derive(Clone, Copy)]
enum Calls {
    /// Stores a new item.
    Put,
    /// Reads the newest item of a partition and stores the next one.
    QueryPut,
    /// Reads one item.
    Get,
}

struct Bare {
    client: Client,
    calls: Calls,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_env(&["BARE"])?;
    let aws = aws::sdk_config()?;
    let calls = match config.text("BARE") {
        "put" => Calls::Put,
        "query-put" => Calls::QueryPut,
        "get" => Calls::Get,
        "publish" => {
            let targets: &Targets = Box::leak(Box::new(Targets::new(&aws)));
            return run(service_fn(|event| targets.publish(event))).await;
        }
        other => return Err(format!("BARE={other:?} is not put, query-put, get or publish").into()),
    };
    // It lives as long as the process.
    let bare: &Bare = Box::leak(Box::new(Bare { client: Client::new(&aws), calls }));
    run(service_fn(|event| bare.handle(event))).await
}

impl Bare {
    async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Error> {
        match event.payload.get("Records").and_then(Value::as_array) {
            Some(messages) => self.consume(messages).await,
            None => self.answer(&event.payload).await,
        }
    }

    /// Answers a request of API Gateway.
    async fn answer(&self, event: &Value) -> Result<Value, Error> {
        let id = text(event, "/rawPath").split('/').nth(3).unwrap_or("new");
        let key = text(event, "/headers/idempotency-key");
        let version = self.call(format!("Order#{id}"), key, text(event, "/body")).await?;
        let body = json!({ "orderId": id, "version": version, "status": "pending" }).to_string();
        let headers = json!({ "content-type": "application/json" });
        Ok(json!({ "statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": false }))
    }

    /// Handles the messages of a queue side by side.
    async fn consume(&self, messages: &[Value]) -> Result<Value, Error> {
        try_join_all(messages.iter().map(async |message| {
            let body = text(message, "/body");
            let event: Value = serde_json::from_str(body)?;
            let row = format!("Row#{}", text(&event, "/aggregateId"));
            self.call(row, text(&event, "/eventId"), body).await
        }))
        .await?;
        Ok(json!({ "batchItemFailures": [] }))
    }

    async fn call(&self, partition: String, key: &str, body: &str) -> Result<u64, Error> {
        let pk = AttributeValue::S(partition);
        match self.calls {
            Calls::Put => self.put(pk, 1, key, body).await,
            Calls::QueryPut => {
                let query = self.client.query().table_name("events").consistent_read(true);
                let query = query.key_condition_expression("pk = :pk").scan_index_forward(false);
                let query = query.expression_attribute_values(":pk", pk.clone()).limit(1);
                let items = query.send().await?.items.unwrap_or_default();
                let newest =
                    items.first().and_then(|item| item.get("sk")?.as_n().ok()?.parse().ok());
                self.put(pk, newest.unwrap_or(0) + 1, key, body).await
            }
            Calls::Get => {
                let get = self.client.get_item().table_name("events").consistent_read(true);
                let get = get.key("pk", pk).key("sk", AttributeValue::N("1".to_owned()));
                let item = get.send().await?.item.unwrap_or_default();
                Ok(item.get("v").and_then(|v| v.as_n().ok()?.parse().ok()).unwrap_or(0))
            }
        }
    }

    async fn put(&self, pk: AttributeValue, sk: u64, key: &str, body: &str) -> Result<u64, Error> {
        let put = self.client.put_item().table_name("events").item("pk", pk);
        let put = put.item("sk", AttributeValue::N(sk.to_string()));
        let put = put.item("v", AttributeValue::N(sk.to_string()));
        let put = put.item("key", AttributeValue::S(key.to_owned()));
        let put = put.item("ev", AttributeValue::S(body.to_owned()));
        put.condition_expression("attribute_not_exists(pk)").send().await?;
        Ok(sk)
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
