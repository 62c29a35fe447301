//! Callers with tokens, as behind API Gateway's JWT authorizer, and a local issuer of them.

mod authorizer;
mod issuer;
mod rs256;

use std::sync::Arc;

use axum::{Router, middleware};

use authorizer::{Authorizer, authorize};
use issuer::Issuer;

/// Puts an authorizer in front of the router, and its issuer beside it on that base URL.
pub(crate) fn guarded(router: Router, base_url: &str) -> Router {
    let issuer = Arc::new(Issuer::start(base_url));
    let authorizer = Arc::new(Authorizer::of(&issuer));
    router.layer(middleware::from_fn_with_state(authorizer, authorize)).merge(issuer.routes())
}
