//! Sends spans to an OpenTelemetry collector: OTLP over HTTP, in JSON.

use std::time::Duration;

use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, SharedHttpConnector},
    orchestrator::HttpRequest,
};
use serde_json::Value;
use tracing::warn;

use crate::pool::plain_pool;

/// How long an invocation waits for the collector. Spans that it does not take by then are lost.
const EXPORT_TIME_MAX: Duration = Duration::from_millis(500);

/// One collector.
#[derive(Debug)]
pub(crate) struct Exporter {
    uri: String,
    connector: SharedHttpConnector,
}

impl Exporter {
    /// The collector at an endpoint such as `http://localhost:4318`. On Lambda it runs beside the function, as an extension,
    /// and forwards the spans; so there is no TLS here. `None` for another endpoint, with a warning.
    pub(crate) fn of(endpoint: &str) -> Option<Self> {
        if !endpoint.starts_with("http://") {
            warn!(
                "OTEL_EXPORTER_OTLP_ENDPOINT must begin with http://: run a collector beside the function"
            );
            return None;
        }
        let uri = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        Some(Self { uri, connector: plain_pool() })
    }

    /// Sends an export request. A failure is logged and changes nothing else.
    pub(crate) async fn send(&self, spans: &Value) {
        match tokio::time::timeout(EXPORT_TIME_MAX, self.post(spans)).await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => warn!(cause, "Spans were lost: {cause}"),
            Err(_) => warn!("Spans were lost: the collector does not answer"),
        }
    }

    async fn post(&self, spans: &Value) -> Result<(), String> {
        let mut request = HttpRequest::new(spans.to_string().into());
        let cause = |what: &dyn std::fmt::Display| what.to_string();
        request.set_method("POST").map_err(|it| cause(&it))?;
        request.set_uri(self.uri.as_str()).map_err(|it| cause(&it))?;
        request.headers_mut().insert("content-type", "application/json");
        let answer = self.connector.call(request).await.map_err(|it| cause(&it))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status => Err(format!("the collector answers {status}")),
        }
    }
}
