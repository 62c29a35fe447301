//! Who may use the console: the page that this process served, in a browser on this machine.
//!
//! A page of another site can send requests to a loopback address. It can neither read the token, nor use a host name of
//! its own that points here (DNS rebinding).

use axum::http::{HeaderMap, StatusCode, Uri, header};
use dekigoto::Host;

/// The header that carries the token.
pub(crate) const TOKEN_HEADER: &str = "dekigoto-console";

/// What the page proves itself with. Each process has its own.
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    pub(super) fn random(host: &dyn Host) -> Self {
        Self(format!("{}{}", host.random().simple(), host.random().simple()))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        headers.get(TOKEN_HEADER).is_some_and(|sent| sent.as_bytes() == self.0.as_bytes())
    }
}

/// Why a request is refused, if it is.
pub(super) fn refusal(uri: &Uri, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
    let text = |name| headers.get(name).and_then(|it| it.to_str().ok());
    let host = text(header::HOST).or_else(|| uri.authority().map(|it| it.as_str()));
    if !host.is_some_and(is_loopback) {
        let why = "the console answers on this machine only: use http://127.0.0.1 with its port\n";
        return Some((StatusCode::FORBIDDEN, why));
    }
    let origin = headers.get(header::ORIGIN).map(|it| it.to_str().unwrap_or_default());
    let is_own = |origin: &str| origin.strip_prefix("http://") == host;
    if origin.is_some_and(|origin| !is_own(origin)) {
        return Some((StatusCode::FORBIDDEN, "the console answers its own page only\n"));
    }
    None
}

/// Whether `host` or `host:port` names this machine.
fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}
