//! The contract of the events in the one-process system: complete, open to everybody, and with ids that lead to it.

// Helpers outside `#[test]` functions are test code too, but clippy.toml does not exempt them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use dekigoto_local::{Buses, Stores};
use local::{AuthMode, Settings, app};
use serde_json::Value;
use tower::ServiceExt as _;

const HERE: &str = "http://127.0.0.1:3000";

async fn json(app: &Router, path: &str) -> (StatusCode, Value) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, serde_json::from_slice(&bytes).unwrap())
}

fn started() -> Router {
    app(AuthMode::None, HERE, Stores::in_memory(), &Buses::Memory, Settings::default())
}

#[tokio::test]
async fn every_schema_that_the_asyncapi_document_names_is_served_under_its_id() {
    let app = started();
    let (status, document) = json(&app, "/v1/asyncapi.json").await;
    assert_eq!(status, StatusCode::OK);
    let messages = document["components"]["messages"].as_object().unwrap();
    assert!(messages.len() >= 20, "{}", messages.len());
    for (key, message) in messages {
        let id = message["x-schema"].as_str().unwrap();
        let (status, schema) = json(&app, id.strip_prefix(HERE).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{id}");
        assert_eq!((&schema["$id"], &schema["title"]), (&message["x-schema"], &message["name"]));
        assert!(id.ends_with(&format!("/v1/schemas/{key}.json")));
    }
}

#[tokio::test]
async fn an_unknown_schema_is_not_found() {
    for name in ["OrderPlaced.v9.json", "OrderPlaced", "", "..%2fasyncapi.json"] {
        let (status, problem) = json(&started(), &format!("/v1/schemas/{name}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(problem["code"], "not-found", "{name}");
    }
}

#[cfg(feature = "jwt")]
#[tokio::test]
async fn the_contract_of_the_events_needs_no_token() {
    let app = app(AuthMode::Jwt, HERE, Stores::in_memory(), &Buses::Memory, Settings::default());
    for path in ["/v1/asyncapi.json", "/v1/schemas/OrderPlaced.v1.json"] {
        assert_eq!(json(&app, path).await.0, StatusCode::OK, "{path}");
    }
}
