//! Spans, an optional feature: what each hop did with a record, for an OpenTelemetry collector.
//!
//! The hops log each record in the steady state, with its trail. A layer of the subscriber makes a span of each such line, and
//! the end of an invocation sends them. Ids derive from stream, version and hop, so that each hop knows the id of the one
//! before it, and a record that is delivered twice is one span. A span names no payload and no customer (S17).

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use dekigoto::trace::{HOP, Hop};
use serde_json::{Value, json};
use tracing::{
    Event, Metadata, Subscriber, dispatcher,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{FilterFn, LevelFilter},
    layer::Context,
    registry::LookupSpan,
};

use crate::otlp::Exporter;

/// Spans of one invocation at most; those beyond are not sent.
const SPANS_MAX: usize = 1_000;

/// The bit of the flags of a `traceparent` that asks for spans.
const SAMPLED: u8 = 1;

/// Collects spans, and sends them.
pub struct Spans {
    service: String,
    exporter: Arc<Exporter>,
    collected: Mutex<Collected>,
}

#[derive(Default)]
struct Collected {
    /// When the invocation began, in nanoseconds.
    began: u128,
    spans: Vec<Value>,
}

impl Spans {
    /// The spans of a service, for the collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names. `None` without it.
    #[must_use]
    pub fn of(service: &str, endpoint: Option<&str>) -> Option<Self> {
        let exporter = Arc::new(Exporter::of(endpoint?)?);
        Some(Self { service: service.to_owned(), exporter, collected: Mutex::default() })
    }

    /// As a layer that sees the lines of hops only.
    pub fn layer<S>(self) -> impl Layer<S> + Send + Sync
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let hops: FilterFn = FilterFn::new(is_of_a_hop);
        self.with_filter(hops.with_max_level_hint(LevelFilter::INFO))
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Collected> {
        // No code that holds the lock can leave the value inconsistent.
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The spans since the last call as an export request of OTLP. `None` if there are none.
    /// Keeps spans until the invocation ends, as many as it may have.
    fn keep(&self, spans: Vec<Value>) {
        let mut collected = self.locked();
        let room = SPANS_MAX.saturating_sub(collected.spans.len());
        collected.spans.extend(spans.into_iter().take(room));
    }

    fn taken(&self) -> Option<(Arc<Exporter>, Value)> {
        let spans = std::mem::take(&mut self.locked().spans);
        if spans.is_empty() {
            return None;
        }
        let resource = json!({"attributes": [text("service.name", &self.service)]});
        let scope = json!({"name": "dekigoto", "version": env!("CARGO_PKG_VERSION")});
        let request = json!({"resourceSpans": [
            {"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]});
        Some((Arc::clone(&self.exporter), request))
    }
}

fn is_of_a_hop(metadata: &Metadata<'_>) -> bool {
    metadata.fields().field(HOP).is_some()
}

impl<S: Subscriber> Layer<S> for Spans {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let began = self.locked().began;
        self.keep(line.spans(began, now()));
    }
}

/// Runs an invocation, and sends its spans to the collector before Lambda freezes the function.
pub(crate) async fn around<T>(invocation: impl Future<Output = T>) -> T {
    of_the_subscriber(|spans| spans.locked().began = now());
    let answer = invocation.await;
    if let Some((exporter, request)) = of_the_subscriber(Spans::taken).flatten() {
        exporter.send(&request).await;
    }
    answer
}

fn of_the_subscriber<T>(call: impl Fn(&Spans) -> T) -> Option<T> {
    dispatcher::get_default(|subscriber| subscriber.downcast_ref::<Spans>().map(&call))
}

#[expect(clippy::disallowed_methods, reason = "a span has nanoseconds, which `Host` does not give")]
fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_nanos())
}

/// The line of a hop.
#[derive(Default)]
struct Line {
    hop: Option<Hop>,
    part: String,
    stream: String,
    version: u64,
    events: u64,
    correlation_id: String,
    traceparent: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            HOP => self.hop = Hop::named(value),
            "view" | "policy" => self.part = value.to_owned(),
            "stream" => self.stream = value.to_owned(),
            "correlationId" => self.correlation_id = value.to_owned(),
            "traceparent" => self.traceparent = value.to_owned(),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "version" => self.version = value,
            "events" => self.events = value,
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl Line {
    /// A span for each version that the line is about.
    fn spans(&self, began: u128, ended: u128) -> Vec<Value> {
        let Some(hop) = self.hop else { return Vec::new() };
        let caller = Caller::of(&self.traceparent);
        if caller.as_ref().is_some_and(|it| !it.is_sampled) {
            return Vec::new();
        }
        let trace = match &caller {
            Some(caller) => caller.trace.clone(),
            None => format!("{:032x}", digest_128(&self.correlation_id)),
        };
        let versions = match hop {
            // One commit, whatever it holds.
            Hop::Commit => self.version..=self.version,
            Hop::Publish | Hop::Apply | Hop::Handle => {
                self.version..=self.version + self.events.saturating_sub(1)
            }
        };
        let span = |version: u64| {
            let parent = match hop {
                Hop::Commit => caller.as_ref().map(|it| it.span.clone()),
                Hop::Publish => Some(self.id(Hop::Commit, self.version, "")),
                Hop::Apply | Hop::Handle => Some(self.id(Hop::Publish, version, "")),
            };
            let kind = self.stream.split('#').next().unwrap_or_default();
            json!({
                "traceId": trace, "spanId": self.id(hop, version, &self.part), "parentSpanId": parent.unwrap_or_default(),
                "name": format!("{} {kind}", hop.name()), "kind": kind_of(hop),
                "startTimeUnixNano": began.to_string(), "endTimeUnixNano": ended.to_string(),
                "attributes": [
                    text("dekigoto.stream", &self.stream), text("dekigoto.correlationId", &self.correlation_id),
                    text("dekigoto.part", &self.part),
                    json!({"key": "dekigoto.version", "value": {"intValue": version.to_string()}}),
                ],
            })
        };
        versions.map(span).collect()
    }

    fn id(&self, hop: Hop, version: u64, part: &str) -> String {
        let digest = digest_128(&format!("{}\n{version}\n{}\n{part}", self.stream, hop.name()));
        // The lower half has taken all bytes in.
        format!("{digest:032x}").split_off(16)
    }
}

/// The kind of a span, by OpenTelemetry's number.
const fn kind_of(hop: Hop) -> u8 {
    match hop {
        Hop::Commit => 2,
        Hop::Publish => 4,
        Hop::Apply | Hop::Handle => 5,
    }
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// What a `traceparent` says of the caller: `00-<trace>-<span>-<flags>`.
struct Caller {
    trace: String,
    span: String,
    is_sampled: bool,
}

impl Caller {
    fn of(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.split('-').skip(1);
        let (trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?);
        let flags = u8::from_str_radix(flags, 16).ok()?;
        let is_sampled = flags & SAMPLED != 0;
        Some(Self { trace: trace.to_owned(), span: span.to_owned(), is_sampled })
    }
}

/// FNV-1a with 128 bits. All functions must compute the same ids, whatever compiler built them, and nobody attacks them.
fn digest_128(text: &str) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes().fold(BASIS, |digest, byte| (digest ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn line(hop: Hop, version: u64, events: u64, traceparent: &str) -> Vec<Value> {
        let line = Line {
            hop: Some(hop),
            part: if hop == Hop::Apply { "order-summary".to_owned() } else { String::new() },
            stream: "Order#o-1".to_owned(),
            version,
            events,
            correlation_id: "c-7".to_owned(),
            traceparent: traceparent.to_owned(),
        };
        line.spans(1, 2)
    }

    #[test]
    fn each_hop_is_a_child_of_the_one_before() {
        let commit = line(Hop::Commit, 4, 2, TRACEPARENT);
        let publish = line(Hop::Publish, 4, 2, TRACEPARENT);
        let apply = line(Hop::Apply, 5, 1, TRACEPARENT);
        assert_eq!((commit.len(), publish.len(), apply.len()), (1, 2, 1));
        assert_eq!(commit[0]["parentSpanId"], "b7ad6b7169203331");
        assert_eq!(publish[0]["parentSpanId"], commit[0]["spanId"]);
        assert_eq!(publish[1]["parentSpanId"], commit[0]["spanId"]);
        assert_eq!(apply[0]["parentSpanId"], publish[1]["spanId"], "the second event");
        assert_eq!(apply[0]["name"], "apply Order");
        let all = [commit, publish, apply].concat();
        assert!(
            all.iter().all(|it| it["traceId"] == "0af7651916cd43dd8448eb211c80319c"),
            "{all:?}"
        );
    }

    #[test]
    fn an_invocation_keeps_a_bounded_number_of_spans_and_sends_each_once_s16() {
        let spans = Spans::of("shop", Some("http://127.0.0.1:1")).unwrap();
        for _ in 0..3 {
            spans.keep(vec![json!({}); 400]);
        }
        let (_, request) = spans.taken().unwrap();
        let sent = &request["resourceSpans"][0]["scopeSpans"][0]["spans"];
        assert_eq!(sent.as_array().map(Vec::len), Some(SPANS_MAX));
        assert!(spans.taken().is_none(), "they are sent once");
    }

    #[test]
    fn a_collector_that_is_not_beside_the_function_gets_nothing() {
        for endpoint in ["https://collector.example", "collector:4318", ""] {
            assert!(Spans::of("shop", Some(endpoint)).is_none(), "{endpoint}");
        }
        assert!(Spans::of("shop", None).is_none());
    }

    #[test]
    fn a_request_without_a_trace_gets_one_of_its_correlation() {
        let (commit, apply) = (line(Hop::Commit, 1, 1, ""), line(Hop::Apply, 1, 1, ""));
        assert_eq!(commit[0]["traceId"], apply[0]["traceId"]);
        assert_eq!(commit[0]["traceId"].as_str().map(str::len), Some(32));
        assert_eq!(commit[0]["parentSpanId"], "");
    }

    #[test]
    fn a_trace_that_is_not_sampled_has_no_span() {
        let quiet = TRACEPARENT.replace("-01", "-00");
        assert_eq!(line(Hop::Commit, 1, 1, &quiet), Vec::<Value>::new());
    }
}
