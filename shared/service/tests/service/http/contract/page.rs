//! The page that shows the contract: complete, and closed to every other host.

use super::document::Document;
use crate::support::{Ask, World};

#[tokio::test]
async fn what_is_served_is_the_document_that_every_test_reads() {
    let answer = World::new().ask(Ask::get("/v1/openapi.json").by_nobody()).await;
    assert_eq!((answer.status, &answer.body), (200, &Document::get().value));
}

async fn page() -> (World, String) {
    let world = World::new();
    let answer = world.ask(Ask::get("/v1/docs").by_nobody()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
    assert!(!policy.contains("'unsafe-eval'"), "{policy}");
    assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self';"));
    (world, answer.text)
}

#[tokio::test]
async fn the_page_loads_only_what_is_served_here() {
    let (world, html) = page().await;
    let script = world.ask(Ask::get("/v1/docs/page.js").by_nobody()).await.text;
    assert!(!html.contains("//") && !script.contains("://"), "another host is named");
    let attributes = ["src=\"", "href=\""].iter().flat_map(|name| html.split(name).skip(1));
    let mut loaded: Vec<&str> = attributes.map(|rest| rest.split('"').next().unwrap()).collect();
    loaded.retain(|place| *place != "data:,");
    loaded.push(script.split("url: \"").nth(1).unwrap().split('"').next().unwrap());
    assert_eq!(
        loaded,
        ["docs/viewer.js", "docs/page.js", "docs/viewer.css", "openapi.json", "openapi.json"]
    );
    for place in loaded {
        // Relative to /v1/docs.
        let answer = world.ask(Ask::get(&format!("/v1/{place}")).by_nobody()).await;
        assert_eq!(answer.status, 200, "{place}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{place}");
        assert!(answer.header("cache-control").unwrap().starts_with("public, max-age="), "{place}");
    }
}

#[tokio::test]
async fn the_viewer_is_compressed_and_small() {
    let (world, _) = page().await;
    let mut bytes = 0;
    for (name, kind) in [("viewer.js", "text/javascript"), ("viewer.css", "text/css")] {
        let answer = world.ask(Ask::get(&format!("/v1/docs/{name}")).by_nobody()).await;
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{name}");
        assert!(answer.header("content-type").unwrap().starts_with(kind), "{name}");
        assert!(answer.bytes.starts_with(&[0x1f, 0x8b]), "{name} is no gzip");
        // No moment and no name in the header, so that the same viewer is the same bytes.
        assert_eq!(answer.bytes[3..8], [0; 5], "{name} was not made with gzip -n");
        bytes += answer.bytes.len();
    }
    assert!(bytes < 512 * 1024, "{bytes} bytes: they are part of the api function");
    world.refuses(Ask::get("/v1/docs/viewer.map").by_nobody(), 404, "not-found").await;
    world.refuses(Ask::get("/v1/docs/%ff").by_nobody(), 404, "not-found").await;
}
