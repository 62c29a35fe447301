//! S14: only what the gateway verified is an identity.

use dekigoto_lambda::identity::Identity;
use serde_json::{Value, json};

use crate::gateway::{event, read};

fn identity(authorizer: &Value) -> Option<Identity> {
    let mut event = event("GET", "/v1/orders", "");
    event["requestContext"]["authorizer"] = authorizer.clone();
    read(&event).unwrap().identity
}

fn jwt(sub: &str, scopes: &str) -> Option<Identity> {
    Some(Identity::Jwt { sub: sub.to_owned(), scopes: scopes.to_owned() })
}

#[test]
fn a_signed_request_is_identified_by_its_role_s14() {
    let arn = "arn:aws:sts::123456789012:assumed-role/shop/shop";
    let authorizer = json!({ "iam": { "accessKey": "AKIA", "accountId": "1", "callerId": "c", "userArn": arn, "userId": "u" } });
    assert_eq!(
        identity(&authorizer),
        Some(Identity::Iam { arn: "arn:aws:sts::123456789012:assumed-role/shop".to_owned() })
    );
}

#[test]
fn a_token_is_identified_by_its_subject_and_its_scopes_s14() {
    let token = |claims: Value, scopes: Value| {
        identity(&json!({ "jwt": { "claims": claims, "scopes": scopes } }))
    };
    assert_eq!(
        token(json!({ "sub": "c-42", "scope": "openid orders:staff" }), Value::Null),
        jwt("c-42", "openid orders:staff")
    );
    assert_eq!(
        token(json!({ "sub": "c-42" }), json!(["openid", "orders:staff"])),
        jwt("c-42", "openid orders:staff")
    );
    assert_eq!(
        token(json!({ "sub": "c-42", "scope": "orders:staff" }), json!([])),
        jwt("c-42", "orders:staff")
    );
    assert_eq!(token(json!({ "sub": "c-42" }), Value::Null), jwt("c-42", ""));
}

#[test]
fn an_identity_needs_a_subject_or_an_arn_s14() {
    for authorizer in [
        Value::Null,
        json!({}),
        json!({ "jwt": null, "iam": null }),
        json!({ "jwt": { "claims": {}, "scopes": null } }),
        json!({ "jwt": { "claims": null } }),
        json!({ "jwt": { "claims": { "sub": 42, "exp": 1 }, "scopes": null } }),
        json!({ "jwt": { "claims": { "scope": "orders:staff" }, "scopes": ["orders:staff"] } }),
        json!({ "iam": { "accessKey": "AKIA" } }),
        json!({ "lambda": { "sub": "c-42" } }),
    ] {
        assert_eq!(identity(&authorizer), None, "{authorizer}");
    }
}
