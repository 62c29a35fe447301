//! The routes of every service: its health and its OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    body::Bytes,
    http::{HeaderValue, Method, header},
    response::{IntoResponse as _, Response},
};

use serde_json::{Value, json};

use crate::{params::Params, problem::Problem};

pub(crate) const HEALTH_PATH: &str = "/v1/health";

pub(crate) const DOCUMENT_PATH: &str = "/v1/openapi.json";

/// Short, so that a new document shows within minutes of a deployment.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A service's version and OpenAPI document.
#[derive(Debug)]
pub struct Contract {
    /// The service's version, shown by `GET /v1/health`.
    pub version: &'static str,
    /// The `OpenAPI` document as JSON, served by `GET /v1/openapi.json`. If empty, a list of the routes is served.
    pub openapi: &'static str,
}

/// The methods that a document's path may have.
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

impl Contract {
    /// Method and path of every operation in the document. Empty when it is not JSON.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        let document: Value = serde_json::from_str(self.openapi).unwrap_or_default();
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        });
        operations.collect()
    }

    /// Answers `GET /`: who this is, and where a visitor finds more.
    pub(crate) async fn welcome(
        &self,
        service: String,
        params: Params,
    ) -> Result<Response, Problem> {
        params.finish()?;
        let links = json!({ "contract": DOCUMENT_PATH, "health": HEALTH_PATH });
        let body = json!({ "service": service, "version": self.version, "links": links });
        Ok(Json(body).into_response())
    }

    pub(crate) async fn health(&self, params: Params) -> Result<Response, Problem> {
        params.finish()?;
        let body = json!({ "status": "ok", "version": self.version });
        Ok(Json(body).into_response())
    }

    /// The document, or one that lists these routes if there is none.
    pub(crate) fn document(&self, routes: &[(Method, &'static str)]) -> Bytes {
        if !self.openapi.is_empty() {
            return Bytes::from_static(self.openapi.as_bytes());
        }
        let mut paths: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
        for (method, path) in routes {
            let operation =
                json!({ "responses": { "default": { "description": "See the code." } } });
            paths.entry(path).or_default().insert(method.as_str().to_lowercase(), operation);
        }
        let info = json!({ "title": "A service on the dekigoto kit", "version": self.version });
        json!({ "openapi": "3.1.0", "info": info, "paths": paths }).to_string().into()
    }
}

/// Answers `GET /v1/openapi.json`.
pub(crate) async fn answer(document: Bytes, params: Params) -> Result<Response, Problem> {
    params.finish()?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, CACHED),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, document).into_response())
}
