//! The documentation page: complete, open to everybody, and without access to other hosts.

// Helpers outside `#[test]` functions are test code too, but clippy.toml does not exempt them.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use dekigoto_local::{Buses, Stores};
use local::{AuthMode, Settings, app};
use order_service::CONTRACT;
use tower::ServiceExt as _;

/// The app under test.
struct Served(Router);

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Served {
    fn in_mode(mode: AuthMode) -> Self {
        Self(app(
            mode,
            "http://127.0.0.1:3000",
            Stores::in_memory(),
            &Buses::Memory,
            Settings::default(),
        ))
    }

    async fn get(&self, path: &str) -> Answer {
        self.get_as(path, "*/*").await
    }

    async fn get_as(&self, path: &str, accept: &str) -> Answer {
        let request = Request::get(path).header("accept", accept).body(Body::empty()).unwrap();
        let (parts, body) = self.0.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }
}

#[tokio::test]
async fn the_root_and_docs_redirect_to_the_page() {
    let served = Served::in_mode(AuthMode::None);
    for path in ["/", "/docs"] {
        let answer = served.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::FOUND, "/v1/docs"));
        // Browsers cache permanent redirects, and another program may use this port next.
        assert_eq!(answer.header("cache-control"), "");
    }
    assert_eq!(served.get("/v1/docs").await.header("content-type"), "text/html; charset=utf-8");
}

#[tokio::test]
async fn the_root_answers_a_program_that_asks_for_json_like_the_deployed_api() {
    let answer = Served::in_mode(AuthMode::None).get_as("/", "application/json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.text().contains("/v1/openapi.json"), "{}", answer.text());
}

#[tokio::test]
async fn the_page_loads_only_from_its_own_host() {
    let served = Served::in_mode(AuthMode::None);
    let (page, script) = (served.get("/v1/docs").await, served.get("/v1/docs/page.js").await);
    assert!(!page.text().contains("//"), "the page names another host");
    assert!(!script.text().contains("://"), "the script names another host");
    let attributes = ["src=\"", "href=\""].iter().flat_map(|name| page.text().split(name).skip(1));
    let mut loaded: Vec<&str> = attributes.map(|rest| rest.split('"').next().unwrap()).collect();
    loaded.retain(|place| *place != "data:,");
    loaded.push(script.text().split("url: \"").nth(1).unwrap().split('"').next().unwrap());
    assert_eq!(
        loaded,
        ["docs/viewer.js", "docs/page.js", "docs/viewer.css", "openapi.json", "openapi.json"]
    );
    for place in loaded {
        // Relative to /v1/docs.
        let answer = served.get(&format!("/v1/{place}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{place}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{place}");
    }
    assert_eq!(served.get("/v1/openapi.json").await.text(), CONTRACT.openapi);
}

#[tokio::test]
async fn the_policy_of_the_page_names_no_other_host() {
    let answer = Served::in_mode(AuthMode::None).get("/v1/docs").await;
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
    assert!(!policy.contains("'unsafe-eval'"), "{policy}");
    assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self';"));
}

#[tokio::test]
async fn the_viewer_is_compressed() {
    let served = Served::in_mode(AuthMode::None);
    for (name, kind) in [("viewer.js", "text/javascript"), ("viewer.css", "text/css")] {
        let answer = served.get(&format!("/v1/docs/{name}")).await;
        assert_eq!(answer.header("content-encoding"), "gzip", "{name}");
        assert!(answer.header("content-type").starts_with(kind), "{name}");
        assert!(answer.bytes.starts_with(&[0x1f, 0x8b]), "{name} is not gzip");
        // The header holds no time and no file name, so the same viewer gives the same bytes.
        assert_eq!(answer.bytes[3..8], [0; 5], "{name} was not made with gzip -n");
    }
}

#[tokio::test]
async fn an_unknown_part_of_the_page_is_not_found() {
    let served = Served::in_mode(AuthMode::None);
    for name in ["viewer.map", "%ff", "../openapi.json", ""] {
        let answer = served.get(&format!("/v1/docs/{name}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{name}");
    }
}

#[cfg(feature = "jwt")]
#[tokio::test]
async fn the_page_needs_no_token() {
    let served = Served::in_mode(AuthMode::Jwt);
    assert_eq!(served.get("/v1/orders?customerId=c-42").await.status, StatusCode::UNAUTHORIZED);
    for path in ["/v1/docs", "/v1/docs/page.js", "/v1/docs/viewer.js", "/v1/openapi.json"] {
        assert_eq!(served.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(served.get("/").await.status, StatusCode::FOUND);
    assert_eq!(served.get_as("/", "application/json").await.status, StatusCode::OK);
}
