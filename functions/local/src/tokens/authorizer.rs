//! Replaces the JWT authorizer of API Gateway: it verifies the token and passes the caller to the router. The router
//! checks ownership.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use order_service::{Caller, STAFF_SCOPE};
use serde::Deserialize;

use super::{
    issuer::{AUDIENCE, Issuer},
    rs256::PROVIDER,
};

/// Verifies tokens of one issuer.
pub(super) struct Authorizer {
    key: DecodingKey,
    validation: Validation,
}

/// The claims of a valid token.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    scope: String,
}

impl Authorizer {
    pub(super) fn of(issuer: &Issuer) -> Self {
        // Fails harmlessly if it is already installed, as in tests.
        let _ = PROVIDER.install_default();
        let (modulus, exponent) = issuer.public_key();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[issuer.url()]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 0;
        Self { key: DecodingKey::from_rsa_raw_components(&modulus, &exponent), validation }
    }

    /// The caller of the request's token; `None` without a valid token.
    fn caller(&self, headers: &HeaderMap) -> Option<Caller> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(only), None) = (given.next(), given.next()) else { return None };
        let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        // The issuer has one key, so the token's `kid` is not needed.
        let claims = decode::<Claims>(token, &self.key, &self.validation).ok()?.claims;
        Caller::bearer(&claims.sub, &claims.scope, STAFF_SCOPE)
    }
}

/// The layer in front of the router. Without a caller, the router serves only the open routes.
pub(super) async fn authorize(
    State(authorizer): State<Arc<Authorizer>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(caller) = authorizer.caller(request.headers()) {
        request.extensions_mut().insert(caller);
    }
    next.run(request).await
}
