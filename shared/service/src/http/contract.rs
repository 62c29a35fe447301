//! The contract, for tools.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::{params::Params, problem::Problem};

/// `infra/openapi.yaml` as JSON; `build.rs` translates it.
pub const CONTRACT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// A client sees the contract of a new deployment within minutes.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(super) async fn contract(params: Params) -> Result<Response, Problem> {
    params.finish()?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, KEPT),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, CONTRACT).into_response())
}
