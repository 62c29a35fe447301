//! Whether the service answers.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};

use super::{params::Params, problem::Problem};

pub(super) async fn health(params: Params) -> Result<Response, Problem> {
    params.finish()?;
    let body = serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") });
    Ok(Json(body).into_response())
}
