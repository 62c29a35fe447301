//! A topic of SNS and a bus of EventBridge in memory, for their real clients.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use dekigoto::{Bus, limits::BUS_BATCH_BYTES_MAX};
use serde_json::{Value, json};

use super::config;
use crate::{Arrived, BusPromises, BusSubject};

/// The size limit of a call, as that of SNS and EventBridge.
const CALL_BYTES_MAX: usize = BUS_BATCH_BYTES_MAX;

/// Carries out `PublishBatch` and `PutEvents` in memory, with the size limits of AWS. A fake: what AWS does beyond this is
/// tested against the emulator.
#[derive(Clone, Default)]
pub struct FakeBuses {
    arrived: Arc<Mutex<Vec<Arrived>>>,
    is_missing: bool,
}

impl FakeBuses {
    /// A configuration with this service.
    #[must_use]
    pub fn config(&self) -> SdkConfig {
        config("http://127.0.0.1:1", self.clone())
    }

    /// A service in which no topic and no bus exists.
    #[must_use]
    pub fn missing() -> Self {
        Self { is_missing: true, ..Self::default() }
    }

    /// A topic of SNS, by this adapter, as a subject of the contract suite.
    #[must_use]
    pub fn topic<B: Bus + 'static>(adapter: fn(&SdkConfig) -> B) -> Box<dyn BusSubject> {
        Box::new(Subject { service: Self::default(), adapter, carries_attributes: true })
    }

    /// A bus of EventBridge, by this adapter, as a subject of the contract suite.
    #[must_use]
    pub fn bus<B: Bus + 'static>(adapter: fn(&SdkConfig) -> B) -> Box<dyn BusSubject> {
        Box::new(Subject { service: Self::default(), adapter, carries_attributes: false })
    }

    fn answer(&self, body: &str) -> (u16, String) {
        match serde_json::from_str(body) {
            Ok(events) => self.put_events(&events),
            Err(_) => self.publish_batch(&form(body)),
        }
    }

    fn put_events(&self, request: &Value) -> (u16, String) {
        let error =
            |code: &str, text: &str| (400, json!({ "__type": code, "message": text }).to_string());
        if self.is_missing {
            return error("ResourceNotFoundException", "the bus does not exist");
        }
        let entries = request["Entries"].as_array().unwrap();
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        let bytes: usize = entries.iter().map(|it| text(it, "Detail").len()).sum();
        if bytes > CALL_BYTES_MAX {
            return error("ValidationException", "Total size of the entries is over the limit");
        }
        if entries.is_empty() {
            return error("ValidationException", "no entries");
        }
        for entry in entries {
            let (kind, body) = (Some(text(entry, "DetailType")), text(entry, "Detail"));
            self.put(Arrived { key: None, kind, body, attributes: Vec::new() });
        }
        let answers = vec![json!({ "EventId": "e" }); entries.len()];
        (200, json!({ "FailedEntryCount": 0, "Entries": answers }).to_string())
    }

    fn publish_batch(&self, request: &BTreeMap<String, String>) -> (u16, String) {
        let error = |code: &str| {
            let error = format!("<Error><Type>Sender</Type><Code>{code}</Code></Error>");
            (400, format!("<ErrorResponse>{error}</ErrorResponse>"))
        };
        if self.is_missing {
            return error("NotFound");
        }
        let entry = |number: usize, name: &str| {
            request.get(&format!("PublishBatchRequestEntries.member.{number}.{name}"))
        };
        let bodies: Vec<_> = (1..).map_while(|number| entry(number, "Message")).collect();
        if bodies.iter().map(|it| it.len()).sum::<usize>() > CALL_BYTES_MAX {
            return error("BatchRequestTooLong");
        }
        if bodies.is_empty() {
            return error("EmptyBatchRequest");
        }
        let mut taken = String::new();
        for (place, body) in bodies.iter().enumerate() {
            let attribute = |it: usize, what: &str| {
                entry(place + 1, &format!("MessageAttributes.entry.{it}.{what}")).cloned()
            };
            let mut attributes: Vec<_> = (1..)
                .map_while(|it| Some((attribute(it, "Name")?, attribute(it, "Value.StringValue")?)))
                .collect();
            attributes.sort();
            self.put(Arrived { key: None, kind: None, body: (*body).clone(), attributes });
            let id = entry(place + 1, "Id").unwrap();
            taken += &format!("<member><Id>{id}</Id><MessageId>m</MessageId></member>");
        }
        let result = format!("<Successful>{taken}</Successful><Failed></Failed>");
        let result = format!("<PublishBatchResult>{result}</PublishBatchResult>");
        (200, format!("<PublishBatchResponse>{result}</PublishBatchResponse>"))
    }

    fn put(&self, arrived: Arrived) {
        self.arrived.lock().unwrap().push(arrived);
    }
}

impl fmt::Debug for FakeBuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeBuses")
    }
}

impl HttpClient for FakeBuses {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for FakeBuses {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let (status, answer) = self.answer(&String::from_utf8_lossy(body));
        let status = status.try_into().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(answer))))
    }
}

struct Subject<B> {
    service: FakeBuses,
    adapter: fn(&SdkConfig) -> B,
    carries_attributes: bool,
}

#[async_trait]
impl<B: Bus + 'static> BusSubject for Subject<B> {
    fn bus(&self) -> Arc<dyn Bus> {
        Arc::new((self.adapter)(&self.service.config()))
    }

    fn missing(&self) -> Option<Arc<dyn Bus>> {
        Some(Arc::new((self.adapter)(&FakeBuses::missing().config())))
    }

    fn promises(&self) -> BusPromises {
        let body_bytes_refused = Some(CALL_BYTES_MAX + 1);
        let carries_attributes = self.carries_attributes;
        BusPromises { keeps_order: false, carries_attributes, body_bytes_refused }
    }

    async fn arrived(&self, _: usize) -> Vec<Arrived> {
        self.service.arrived.lock().unwrap().clone()
    }
}

/// The fields of a form.
fn form(body: &str) -> BTreeMap<String, String> {
    let fields = body.split('&').filter_map(|field| field.split_once('='));
    fields.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// Decodes `%41` and `+`.
fn decoded(text: &str) -> String {
    let (mut bytes, mut left) = (Vec::new(), text.bytes());
    while let Some(byte) = left.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: Vec<u8> = left.by_ref().take(2).collect();
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}
