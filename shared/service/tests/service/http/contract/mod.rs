//! Compares `infra/openapi.yaml` with the service. A difference in either direction fails.
//!
//! Every answer in every test is checked against the document, whatever the test is about. `tests/architecture` compares
//! the document with the template's routes.

pub(crate) mod document;
mod examples;
mod limits;
mod routes;
mod snapshots;
