//! A local token issuer. It gives any token to anybody. The tokens are real, so that they test real verification: by
//! the authorizer in this process, and by API Gateway in a local AWS.

use std::sync::Arc;

use axum::{
    Form, Json, Router,
    extract::State,
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use dekigoto::Host as _;
use dekigoto::SystemHost;
use rsa::{
    Generate as _, PrivateKey, PublicKey,
    pkcs1v15::SigningKey,
    sha2::Sha256,
    signature::{SignatureEncoding as _, Signer as _},
    traits::PublicKeyParts as _,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The audience of the tokens.
pub(super) const AUDIENCE: &str = "orders";

/// The default lifetime of a token, in seconds.
const LIFETIME_SECONDS: i64 = 3600;

/// An issuer with a key that lives as long as the process.
pub(super) struct Issuer {
    url: String,
    kid: String,
    public: PublicKey,
    key: SigningKey<Sha256>,
}

/// The claims to put into a token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    sub: String,
    scope: Option<String>,
    // The other fields are for tests of tokens that must be refused.
    audience: Option<String>,
    issuer: Option<String>,
    lifetime_seconds: Option<i64>,
    starts_in_seconds: Option<i64>,
}

impl Issuer {
    /// Creates an issuer with a new key at this base URL.
    pub(super) fn start(base_url: &str) -> Self {
        let key = PrivateKey::generate();
        Self {
            url: format!("{base_url}/local/issuer"),
            // A new id for each key, so that a cache of public keys does not confuse it with the key of an earlier run.
            kid: SystemHost.random().to_string(),
            public: key.to_public_key(),
            key: SigningKey::new(key),
        }
    }

    /// The issuer's URL, as in the `iss` claim.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The modulus and exponent of the public key.
    pub(super) fn public_key(&self) -> (Box<[u8]>, Box<[u8]>) {
        (self.public.n_bytes(), self.public.e_bytes())
    }

    /// Signs a token.
    pub(super) fn token(&self, wanted: &Wanted) -> String {
        let now = SystemHost.now().as_millis() / 1000;
        let starts = now.saturating_add(wanted.starts_in_seconds.unwrap_or(0));
        let claims = json!({
            "iss": wanted.issuer.as_deref().unwrap_or(&self.url),
            "aud": wanted.audience.as_deref().unwrap_or(AUDIENCE),
            "sub": wanted.sub,
            "jti": SystemHost.random(),
            "scope": wanted.scope.as_deref().unwrap_or_default(),
            "iat": now,
            "nbf": starts,
            "exp": now.saturating_add(wanted.lifetime_seconds.unwrap_or(LIFETIME_SECONDS)),
        });
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.kid });
        let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.key.sign(signed.as_bytes()).to_vec();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// Discovery, public keys, and tokens.
    pub(super) fn routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/local/issuer/.well-known/openid-configuration", get(discovery))
            .route("/local/issuer/.well-known/jwks.json", get(keys))
            .route("/local/token", post(issue))
            .with_state(Arc::clone(self))
    }
}

async fn discovery(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    let url = issuer.url();
    Json(json!({
        "issuer": url,
        "jwks_uri": format!("{url}/.well-known/jwks.json"),
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
}

async fn keys(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    let (modulus, exponent) = issuer.public_key();
    let number = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    Json(json!({ "keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": issuer.kid,
        "n": number(&modulus), "e": number(&exponent),
    }] }))
}

/// Answers with plain text, for use in a shell.
async fn issue(State(issuer): State<Arc<Issuer>>, Form(wanted): Form<Wanted>) -> String {
    issuer.token(&wanted)
}
