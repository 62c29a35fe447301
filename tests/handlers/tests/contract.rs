//! The contract is open in every `AUTH_MODE`, and passes through the gateway whole.

use api::AuthMode;
use serde_json::{Value, json};

use crate::support::{World, sample};

#[tokio::test]
async fn anybody_reads_the_contract_in_every_mode() {
    for mode in [AuthMode::Iam, AuthMode::Jwt, AuthMode::None] {
        for (path, kind, is_binary) in [
            ("/v1/openapi.json", "application/json", false),
            ("/v1/docs", "text/html", false),
            ("/v1/docs/page.js", "text/javascript", false),
            ("/v1/docs/viewer.js", "text/javascript", true),
            ("/v1/docs/viewer.css", "text/css", true),
        ] {
            let mut event = sample("api-health.json");
            event["rawPath"] = json!(path);
            let answer = World::default().invoke(mode, &event).await.unwrap();
            assert_eq!(answer["statusCode"], 200, "{path}");
            assert!(answer["headers"]["content-type"].as_str().unwrap().starts_with(kind));
            assert_eq!(answer["isBase64Encoded"], is_binary, "{path}");
            let body = answer["body"].as_str().unwrap();
            // What every gzip begins with, in base64.
            assert_eq!(body.starts_with("H4sI"), is_binary, "{path}");
            // Lambda's own limit for an answer.
            assert!(body.len() < 6 * 1024 * 1024, "{path}: {} bytes", body.len());
            if path == "/v1/openapi.json" {
                let document: Value = serde_json::from_str(body).unwrap();
                assert_eq!(document["openapi"], "3.1.0");
            }
        }
    }
}
