//! The feature `otlp`: a collector gets spans of api, publisher, projector and policy, which are one trace.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use dekigoto_lambda::http::AuthMode;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    journey::{Journey, TRACEPARENT},
    log::Log,
    support::{Functions, sample},
};

/// The requests that a collector got.
type Requests = Arc<Mutex<Vec<(String, Value)>>>;

/// A collector that answers each request with this status line.
async fn collector(status: &'static str) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let requests = Requests::default();
    let got = requests.clone();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, status, got.clone()));
        }
    });
    (endpoint, requests)
}

async fn serve(connection: TcpStream, status: &'static str, got: Requests) {
    let mut connection = BufReader::new(connection);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if connection.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let lower = line.to_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            head.push_str(&line);
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        connection.read_exact(&mut body).await.unwrap();
        got.lock().unwrap().push((head, serde_json::from_slice(&body).unwrap()));
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
        connection.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn spans(requests: &Requests) -> Vec<Value> {
    let requests = requests.lock().unwrap();
    let of = |body: &Value| {
        body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
    };
    requests.iter().flat_map(|(_, body)| of(body)).collect()
}

#[tokio::test]
async fn a_collector_gets_one_trace_of_api_publisher_projector_and_policy() {
    let (endpoint, requests) = collector("200 OK").await;
    let log = Log::with_spans(&endpoint);
    let journey = Journey::of_one_order().await;
    let spans = spans(&requests);
    let hops: BTreeSet<_> = spans.iter().map(|it| it["name"].as_str().unwrap()).collect();
    for hop in ["commit Order", "publish Order", "apply Order", "handle Order", "apply Payment"] {
        assert!(hops.contains(hop), "{hop} is not in {hops:?}");
    }
    let (trace, caller) = (&TRACEPARENT[3..35], &TRACEPARENT[36..52]);
    assert!(spans.iter().all(|it| it["traceId"] == trace), "{spans:?}");
    for span in &spans {
        let nanos = |name| text(span, name).parse::<u128>().unwrap();
        assert!(nanos("startTimeUnixNano") < nanos("endTimeUnixNano"), "{span}");
        let attributes = span["attributes"].as_array().unwrap().iter();
        let named: BTreeMap<_, _> =
            attributes.map(|it| (text(it, "key"), it["value"]["stringValue"].as_str())).collect();
        for name in ["dekigoto.stream", "dekigoto.correlationId"] {
            assert!(named[name].is_some_and(|value| !value.is_empty()), "{name}: {span}");
        }
    }
    // A span is the child of the hop before it, up to the caller.
    let parents: BTreeMap<_, _> =
        spans.iter().map(|it| (text(it, "spanId"), text(it, "parentSpanId"))).collect();
    for span in &spans {
        let mut at = text(span, "spanId");
        for _ in 0..3 {
            at = parents.get(&at).cloned().unwrap_or(at);
        }
        assert_eq!(at, caller, "{span}");
    }
    // An invocation that changes nothing has no span.
    let (exports, invocations) = (requests.lock().unwrap().len(), journey.invocations.len());
    assert!(exports <= invocations && exports > invocations / 2, "{exports} of {invocations}");
    let (head, body) = requests.lock().unwrap()[0].clone();
    assert!(head.starts_with("POST /v1/traces ") && head.contains("application/json"), "{head}");
    let resource = &body["resourceSpans"][0]["resource"]["attributes"][0];
    assert_eq!(resource["value"]["stringValue"], "shop");
    assert!(!log.text().contains("Committed"), "the lines of the steady state stay hidden");
}

fn text(span: &Value, name: &str) -> String {
    span[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_span_names_no_payload_no_customer_and_no_caller_s17() {
    let (endpoint, requests) = collector("200 OK").await;
    let _log = Log::with_spans(&endpoint);
    Journey::of_one_order().await;
    let mut all = spans(&requests);
    for span in &mut all {
        // Their digits may be those of an amount.
        span["startTimeUnixNano"] = Value::Null;
        span["endTimeUnixNano"] = Value::Null;
    }
    let all = format!("{all:?}");
    for word in ["c-42", "p-1", "r-1", "DHL", "00340434161094042557", "arn:aws", "journey-"] {
        assert!(!all.contains(word), "{word} is in a span: {all}");
    }
}

#[tokio::test]
async fn a_collector_that_hangs_holds_an_answer_up_for_a_moment_only() {
    // It accepts connections, and nobody reads them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let log = Log::with_spans(&format!("http://{}", silent.local_addr().unwrap()));
    let (world, event) = (Functions::default(), sample("api-place-order.json"));
    let answer = world.api(AuthMode::Iam, &event);
    let answer = tokio::time::timeout(Duration::from_secs(5), answer).await.unwrap();
    assert_eq!(answer.0, 201);
    assert!(log.text().contains("the collector does not answer"), "{}", log.text());
}

#[tokio::test]
async fn a_collector_that_refuses_or_is_gone_changes_no_answer() {
    let (refusing, _) = collector("503 Service Unavailable").await;
    for (collector, reason) in
        [(refusing.as_str(), "answers 503"), ("http://127.0.0.1:1", "Spans were lost")]
    {
        let log = Log::with_spans(collector);
        Journey::of_one_order().await;
        assert!(log.text().contains(reason), "{}", log.text());
    }
}
