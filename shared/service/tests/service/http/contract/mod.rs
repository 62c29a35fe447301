//! `infra/openapi.yaml` against the service: what one of them says and the other does not fails here.
//!
//! Every answer of every test is held to the document, whatever the test is about. `tests/architecture` holds the same
//! document against the template's routes.

pub(crate) mod document;
mod examples;
mod limits;
mod routes;
mod snapshots;
