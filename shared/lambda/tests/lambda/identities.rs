//! S14: only what the gateway verified is an identity.

use dekigoto_lambda::identity::Identity;
use serde_json::{Value, json};

use crate::gateway::{event, read};

fn identity(authorizer: &Value) -> Option<Identity> {
    let mut event = event("GET", "/v1/orders", "");
    event["requestContext"]["authorizer"] = authorizer.clone();
    read(&event).unwrap().identity
}

#[test]
fn a_signed_request_is_identified_by_its_role_s14() {
    let arn = "arn:aws:sts::123456789012:assumed-role/shop/shop";
    let authorizer = json!({ "iam": { "accessKey": "AKIA", "accountId": "1", "callerId": "c", "userArn": arn, "userId": "u" } });
    assert_eq!(
        identity(&authorizer),
        Some(Identity::Iam {
            arn: "arn:aws:sts::123456789012:assumed-role/shop".to_owned(),
            session: Some("shop".to_owned())
        })
    );
}

/// The values of a claim as the handler gets them.
fn granted(claim: &str, claims: &Value, scopes: &Value) -> (String, Vec<String>) {
    match identity(&json!({ "jwt": { "claims": claims, "scopes": scopes } })) {
        Some(Identity::Jwt { sub, claims }) => {
            (sub, claims.granted(claim).into_iter().map(str::to_owned).collect())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_is_identified_by_its_subject_and_what_it_grants_in_the_shape_of_each_issuer_s14() {
    let none = Value::Null;
    for (shape, claim, claims, scopes) in [
        ("text", "scope", json!({ "scope": "openid orders:staff" }), none.clone()),
        ("listed by the gateway", "scope", json!({}), json!(["openid", "orders:staff"])),
        ("Microsoft Entra", "scp", json!({ "scp": "openid orders:staff" }), none.clone()),
        ("Okta", "scp", json!({ "scp": ["openid", "orders:staff"] }), none.clone()),
        ("Okta behind a gateway", "scp", json!({ "scp": "[openid orders:staff]" }), none.clone()),
        (
            "Auth0",
            "permissions",
            json!({ "permissions": ["openid", "orders:staff"] }),
            none.clone(),
        ),
        (
            "Auth0 behind a gateway",
            "permissions",
            json!({ "permissions": "[openid orders:staff]" }),
            none.clone(),
        ),
    ] {
        let mut claims = claims;
        claims["sub"] = json!("c-42");
        let expected = ("c-42".to_owned(), vec!["openid".to_owned(), "orders:staff".to_owned()]);
        assert_eq!(granted(claim, &claims, &scopes), expected, "{shape}");
    }
    let cognito = json!({ "sub": "c-42", "scope": "openid orders/staff" });
    assert_eq!(granted("scope", &cognito, &none).1, ["openid", "orders/staff"]);
    for claims in [
        json!({ "sub": "c-42" }),
        json!({ "sub": "c-42", "scope": null }),
        json!({ "sub": "c-42", "scope": 1 }),
        json!({ "sub": "c-42", "scope": { "orders:staff": true } }),
        json!({ "sub": "c-42", "scope": [1, null] }),
        json!({ "sub": "c-42", "permissions": ["orders:staff"] }),
    ] {
        assert!(granted("scope", &claims, &none).1.is_empty(), "{claims}");
    }
    // One element of a list is one value, also with a space in it.
    let claims = json!({ "sub": "c-42", "permissions": ["read orders:staff"] });
    assert_eq!(granted("permissions", &claims, &none).1, ["read orders:staff"]);
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
