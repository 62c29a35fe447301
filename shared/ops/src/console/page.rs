//! The page: one file without anything from elsewhere.

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};

use super::guard::Token;
use crate::desk::Desk;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const TABS: &str = include_str!("tabs.js");

/// The page. Its policy lets a browser run only its own script, and talk only to this process.
pub(super) fn page(desk: &Desk, token: &Token) -> Response {
    let nonce = desk.ports.host.random().simple().to_string();
    let page = PAGE
        .replace("{style}", STYLE)
        .replace("{script}", SCRIPT)
        .replace("{tabs}", TABS)
        .replace("{nonce}", &nonce)
        .replace("{token}", token.text())
        .replace("{stack}", &escaped(&desk.stack.name));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(page)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
