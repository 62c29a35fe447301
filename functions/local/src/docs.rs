//! The documentation page. All its parts are in this binary. Its Content-Security-Policy forbids loading from other
//! hosts.

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};

const PATH: &str = "/v1/docs";

const PAGE: &str = include_str!("../docs/page.html");
const PAGE_SCRIPT: &[u8] = include_bytes!("../docs/page.js");
const VIEWER_SCRIPT: &[u8] = include_bytes!("../docs/viewer.js.gz");
const VIEWER_STYLE: &[u8] = include_bytes!("../docs/viewer.css.gz");

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Allows only scripts, styles and documents of this server. The script of the viewer sets inline styles, and its icons
/// are `data:` images.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page, its parts, and the redirects to it, in front of the API. Open to everybody. `GET /` leads to the page, unless
/// a program asks for JSON: then the API answers.
pub(crate) fn before(api: Router) -> Router {
    Router::new()
        .route("/docs", get(to_page))
        .route(PATH, get(page))
        .route("/v1/docs/page.js", get(async || part(SCRIPT, PAGE_SCRIPT)))
        .route("/v1/docs/viewer.js", get(async || compressed(SCRIPT, VIEWER_SCRIPT)))
        .route("/v1/docs/viewer.css", get(async || compressed(STYLE, VIEWER_STYLE)))
        .fallback_service(api)
        .layer(from_fn(visitors_to_page))
}

async fn visitors_to_page(request: Request, next: Next) -> Response {
    let accepted = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let is_visit = request.uri().path() == "/" && request.method() == Method::GET;
    if is_visit && !accepted.is_some_and(|accepted| accepted.contains("application/json")) {
        return to_page().await.into_response();
    }
    next.run(request).await
}

/// 302: browsers cache permanent redirects, and another program may use this port next.
async fn to_page() -> impl IntoResponse {
    (StatusCode::FOUND, [(header::LOCATION, PATH)])
}

async fn page() -> impl IntoResponse {
    let policy = HeaderValue::from_static(POLICY);
    let page = part("text/html; charset=utf-8", PAGE.as_bytes());
    ([(header::CONTENT_SECURITY_POLICY, policy)], page)
}

fn part(kind: &'static str, bytes: &'static [u8]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        // The next build may serve other bytes at the same URL.
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, bytes).into_response()
}

/// Always sends gzip: every browser accepts it, and the binary contains only the compressed file.
fn compressed(kind: &'static str, bytes: &'static [u8]) -> Response {
    ([(header::CONTENT_ENCODING, "gzip")], part(kind, bytes)).into_response()
}
