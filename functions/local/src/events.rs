//! The contract of the events: the AsyncAPI document, and the schema of each event and version.

use axum::{Router, http::header, response::IntoResponse, routing::get};
use dekigoto::relay::SCHEMA_BASE;

const ASYNCAPI: &str = include_str!("../../../infra/asyncapi.json");

/// The name and the text of each schema, from `build.rs`.
const SCHEMAS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// Where this process serves the schemas: the base of their ids.
pub(crate) fn schema_base(base_url: &str) -> String {
    format!("{base_url}/v1/schemas/")
}

/// The document and the schemas, with ids that lead to this process. Open to everybody.
pub(crate) fn routes(base_url: &str) -> Router {
    let base = schema_base(base_url);
    let here = |text: &str| text.replace(SCHEMA_BASE, &base);
    let schemas = SCHEMAS.iter().fold(Router::new(), |router, (name, text)| {
        served(router, &format!("/v1/schemas/{name}"), "application/schema+json", here(text))
    });
    served(schemas, "/v1/asyncapi.json", "application/json", here(ASYNCAPI))
}

fn served(router: Router, path: &str, kind: &'static str, text: String) -> Router {
    let headers = [
        (header::CONTENT_TYPE, kind),
        // The next build may serve another text at the same URL.
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    router.route(path, get(async move || (headers, text).into_response()))
}
