//! The routes of every service: its health and its OpenAPI document.

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use crate::{params::Params, problem::Problem};

/// Short, so that a new document shows within minutes of a deployment.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A service's version and OpenAPI document.
#[derive(Debug)]
pub struct Contract {
    /// The service's version, shown by `GET /v1/health`.
    pub version: &'static str,
    /// The `OpenAPI` document as JSON, served by `GET /v1/openapi.json`.
    pub openapi: &'static str,
}

impl Contract {
    pub(crate) async fn health(&self, params: Params) -> Result<Response, Problem> {
        params.finish()?;
        let body = serde_json::json!({ "status": "ok", "version": self.version });
        Ok(Json(body).into_response())
    }

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
