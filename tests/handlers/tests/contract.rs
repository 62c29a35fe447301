//! Everybody can read the contract in every `AUTH_MODE`, and the gateway does not change it. The function has no
//! documentation page.

use dekigoto_lambda::http::AuthMode;
use serde_json::{Value, json};

use crate::support::{Functions, sample};

async fn ask(mode: AuthMode, path: &str) -> Value {
    let mut event = sample("api-health.json");
    event["rawPath"] = json!(path);
    Functions::default().invoke(mode, &event).await.unwrap()
}

#[tokio::test]
async fn the_contract_is_open_in_every_auth_mode() {
    for mode in [AuthMode::Iam, AuthMode::Jwt, AuthMode::None] {
        let answer = ask(mode, "/v1/openapi.json").await;
        assert_eq!(answer["statusCode"], 200);
        assert_eq!(answer["headers"]["content-type"], "application/json");
        assert_eq!(answer["isBase64Encoded"], false);
        let document: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
    }
}

#[tokio::test]
async fn the_function_serves_no_documentation_page() {
    for path in ["/docs", "/v1/docs", "/v1/docs/viewer.js"] {
        assert_eq!(ask(AuthMode::None, path).await["statusCode"], 404, "{path}");
    }
}
