//! What every service answers about itself: whether it is up, and its contract.

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};

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

impl Contract {
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
