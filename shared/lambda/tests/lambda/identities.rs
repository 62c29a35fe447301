//! S14: only what the gateway has verified is an identity.

use dekigoto_lambda::identity::{Identity, of_request};
use lambda_http::{
    aws_lambda_events::apigw::ApiGatewayV2httpRequestContext, request::RequestContext,
};
use serde_json::{Value, json};

fn identity(authorizer: &Value) -> Option<Identity> {
    let context = json!({
        "requestId": "r-1", "accountId": "1", "apiId": "a", "stage": "$default", "routeKey": "GET /v1/orders", "time": "x", "timeEpoch": 1,
        "http": { "method": "GET", "path": "/v1/orders", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "x" },
        "authorizer": authorizer,
    });
    let context: ApiGatewayV2httpRequestContext = serde_json::from_value(context).unwrap();
    let (id, identity) = of_request(&RequestContext::ApiGatewayV2(context));
    assert_eq!(id.as_deref(), Some("r-1"));
    identity
}

fn jwt(sub: &str, scopes: &str) -> Option<Identity> {
    Some(Identity::Jwt { sub: sub.to_owned(), scopes: scopes.to_owned() })
}

#[test]
fn a_signed_request_is_its_role() {
    let arn = "arn:aws:sts::123456789012:assumed-role/shop/shop";
    let authorizer = json!({ "iam": { "accessKey": "AKIA", "accountId": "1", "callerId": "c", "userArn": arn, "userId": "u" } });
    assert_eq!(
        identity(&authorizer),
        Some(Identity::Iam { arn: "arn:aws:sts::123456789012:assumed-role/shop".to_owned() })
    );
}

#[test]
fn a_token_is_its_subject_and_its_scopes() {
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
fn without_a_name_there_is_no_identity() {
    for authorizer in [
        Value::Null,
        json!({}),
        json!({ "jwt": { "claims": {}, "scopes": null } }),
        json!({ "jwt": { "claims": { "scope": "orders:staff" }, "scopes": ["orders:staff"] } }),
        json!({ "iam": { "accessKey": "AKIA" } }),
        json!({ "lambda": { "sub": "c-42" } }),
    ] {
        assert_eq!(identity(&authorizer), None, "{authorizer}");
    }
}
