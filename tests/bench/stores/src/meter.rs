//! The meter: a proxy in front of the engine for all requests.
//!
//! It requests `ConsumedCapacity` in each call and reads it from the answer.

use std::{
    future::Future,
    ops::AddAssign,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{StatusCode, Uri, header::CONTENT_LENGTH, request::Parts},
    response::{IntoResponse as _, Response},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::Failure;

/// The largest request that DynamoDB accepts.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The cost of some work. Units are multiples of a half, which `f64` represents exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) requests: f64,
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.write_units += other.write_units;
        self.read_units += other.read_units;
    }
}

/// Counts requests and units.
#[derive(Clone)]
pub(crate) struct Meter {
    engine: Arc<str>,
    client: Client<HttpConnector, Body>,
    counted: Arc<Mutex<Cost>>,
}

impl Meter {
    /// Starts a meter in front of the engine at that address, and returns the meter's own address.
    pub(crate) async fn in_front_of(engine: &str) -> Result<(Self, String), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let client = Client::builder(TokioExecutor::new()).build_http();
        let meter = Self { engine: engine.into(), client, counted: Arc::default() };
        let router = Router::new().fallback(pass).with_state(meter.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((meter, endpoint))
    }

    /// Runs the work and returns its cost.
    pub(crate) async fn measure<T>(&self, work: impl Future<Output = T>) -> (Cost, T) {
        self.take();
        let done = work.await;
        (self.take(), done)
    }

    fn take(&self) -> Cost {
        std::mem::take(&mut *self.counted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, cost: Cost) {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) += cost;
    }

    async fn forward(&self, request: Request) -> Result<Response, Failure> {
        let (mut parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_BYTES_MAX).await?;
        let kind = Kind::of(&parts);
        let body = if kind == Kind::Free { body } else { asking_for_capacity(&body)? };
        parts.headers.remove(CONTENT_LENGTH);
        parts.uri = self.engine.parse::<Uri>()?;
        let request = Request::from_parts(parts, Body::from(body));
        let (parts, body) = self.client.request(request).await?.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await?;
        match kind {
            Kind::Free => {}
            // A refusal does not report its units.
            _ if parts.status != StatusCode::OK => {
                self.count(Cost { requests: 1.0, ..Cost::default() });
            }
            Kind::Write => {
                let write_units = units(&body)?;
                self.count(Cost { requests: 1.0, write_units, read_units: 0.0 });
            }
            Kind::Read => {
                let read_units = units(&body)?;
                self.count(Cost { requests: 1.0, write_units: 0.0, read_units });
            }
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    }
}

async fn pass(State(meter): State<Meter>, request: Request) -> Response {
    match meter.forward(request).await {
        Ok(response) => response,
        // Every SDK treats this as an error, so a call that cannot be counted stops the measurement.
        Err(cause) => (StatusCode::NOT_IMPLEMENTED, cause.to_string()).into_response(),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Write,
    Read,
    /// Creating tables.
    Free,
}

impl Kind {
    fn of(request: &Parts) -> Self {
        let target = request.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        match target.and_then(|target| target.split('.').next_back()) {
            Some(
                "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems",
            ) => Self::Write,
            Some("GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems") => Self::Read,
            Some(_) | None => Self::Free,
        }
    }
}

fn asking_for_capacity(body: &Bytes) -> Result<Bytes, Failure> {
    let mut request: Value = serde_json::from_slice(body)?;
    let fields = request.as_object_mut().ok_or("the request is no JSON object")?;
    fields.insert("ReturnConsumedCapacity".to_owned(), Value::from("INDEXES"));
    Ok(serde_json::to_vec(&request)?.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    consumed_capacity: Consumed,
}

/// One table's, or each table's. The total includes the indexes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Consumed {
    One(Capacity),
    Several(Vec<Capacity>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Capacity {
    capacity_units: f64,
}

fn units(body: &Bytes) -> Result<f64, Failure> {
    let answer: Answer = serde_json::from_slice(body)?;
    Ok(match answer.consumed_capacity {
        Consumed::One(one) => one.capacity_units,
        Consumed::Several(tables) => tables.iter().map(|table| table.capacity_units).sum(),
    })
}
