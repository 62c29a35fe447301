//! What every service answers about itself: whether it is up, and its contract.

use std::collections::BTreeSet;

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use serde_json::Value;

use crate::{params::Params, problem::Problem};

/// The document follows a deployment within minutes.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// What a service says about itself.
#[derive(Debug)]
pub struct Contract {
    /// The service's version.
    pub version: &'static str,
    /// Its `OpenAPI` document as JSON.
    pub openapi: &'static str,
}

/// The methods that a document's path may have.
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

impl Contract {
    /// Method and path of every operation in the document; none when it is not JSON.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        let document: Value = serde_json::from_str(self.openapi).unwrap_or_default();
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        });
        operations.collect()
    }

    /// `GET /v1/health`.
    pub(crate) async fn health(&self, params: Params) -> Result<Response, Problem> {
        params.finish()?;
        let body = serde_json::json!({ "status": "ok", "version": self.version });
        Ok(Json(body).into_response())
    }

    /// `GET /v1/openapi.json`.
    pub(crate) async fn document(&self, params: Params) -> Result<Response, Problem> {
        params.finish()?;
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, CACHED),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        Ok((headers, self.openapi.as_bytes()).into_response())
    }
}
