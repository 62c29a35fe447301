//! `infra/openapi.yaml` against the service: what one of them says and the other does not fails here.
//!
//! The document is taken from `GET /v1/openapi.json`, so what is tested is what clients read. `tests/architecture` holds
//! the same document against the template's routes.

mod document;
mod examples;
mod limits;
mod page;
mod routes;
mod snapshots;
