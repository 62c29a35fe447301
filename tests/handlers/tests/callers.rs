//! S14: the identities that the handler accepts in each `AUTH_MODE`, for any configuration of the gateway.

use dekigoto_lambda::{
    http::{AuthMode, UnknownAuthMode},
    identity::Staff,
};
use order_service::Caller;
use serde_json::{Value, json};

use crate::support::{Functions, sample};

fn by(name: &str, authorizer: &Value) -> Value {
    let mut event = sample(name);
    event["requestContext"]["authorizer"] = authorizer.clone();
    event
}

fn iam() -> Value {
    json!({ "iam": { "userArn": "arn:aws:iam::123456789012:role/shop" } })
}

fn jwt(sub: &str, scope: &str) -> Value {
    json!({ "jwt": { "claims": { "sub": sub, "scope": scope, "jti": "t-1" }, "scopes": null } })
}

#[tokio::test]
async fn only_the_identity_of_the_auth_mode_is_a_caller_s14() {
    let customer = jwt("c-42", "openid");
    let table = [
        (AuthMode::Iam, iam(), 200),
        (AuthMode::Iam, customer.clone(), 401),
        (AuthMode::Iam, Value::Null, 401),
        (AuthMode::Iam, json!({ "iam": {} }), 401),
        (AuthMode::Iam, json!({ "iam": { "userArn": "" } }), 401),
        (AuthMode::Jwt, customer, 200),
        (AuthMode::Jwt, jwt("staff-1", "orders:staff"), 200),
        (AuthMode::Jwt, jwt("c-7", "openid"), 404),
        (AuthMode::Jwt, jwt("", "orders:staff"), 401),
        (AuthMode::Jwt, jwt("a b", "openid"), 401),
        (AuthMode::Jwt, json!({ "jwt": { "claims": {}, "scopes": null } }), 401),
        (AuthMode::Jwt, iam(), 401),
        (AuthMode::Jwt, Value::Null, 401),
        (AuthMode::None, Value::Null, 200),
        (AuthMode::None, iam(), 200),
    ];
    for (mode, authorizer, status) in table {
        let world = Functions::with_history();
        let answer = world.api(mode, &by("api-get-order.json", &authorizer)).await;
        assert_eq!(answer.0, status, "{mode:?} {authorizer}: {}", answer.1);
        // Health is open.
        assert_eq!(world.api(mode, &by("api-health.json", &authorizer)).await.0, 200);
    }
}

#[tokio::test]
async fn the_claim_and_the_value_of_staff_are_settings_s14() {
    for (staff, claims, status) in [
        (Staff::new("scope", "orders/staff"), json!({ "scope": "orders/staff" }), 200),
        (
            Staff::new("permissions", "orders:staff"),
            json!({ "permissions": "[orders:staff]" }),
            200,
        ),
        (Staff::new("permissions", "orders:staff"), json!({ "scope": "orders:staff" }), 404),
        (Staff::new("scope", "orders:staff"), json!({ "scope": "orders/staff" }), 404),
    ] {
        let mut claims = claims;
        claims["sub"] = json!("staff-1");
        claims["jti"] = json!("t-1");
        let event = by("api-get-order.json", &json!({ "jwt": { "claims": claims } }));
        let world = Functions::with_history();
        let answer = world.invoke_api(AuthMode::Jwt, staff.clone(), "", &event).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{staff:?} {claims}");
    }
}

#[tokio::test]
async fn a_base_path_in_front_of_the_path_is_a_setting() {
    let staff = || Staff::new("scope", "orders:staff");
    for (base_path, path, status) in [
        ("shop", "/shop/v1/health", 200),
        ("/shop/", "/shop/v1/health", 200),
        ("shop", "/v1/health", 200),
        ("shop", "/shopping/v1/health", 404),
        ("shop", "/shop", 200),
        ("a/b", "/a/b/v1/health", 200),
        ("", "/shop/v1/health", 404),
    ] {
        let mut event = sample("api-health.json");
        event["rawPath"] = json!(path);
        let world = Functions::default();
        let answer = world.invoke_api(AuthMode::None, staff(), base_path, &event).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{base_path:?} {path}");
    }
    let mut event = sample("api-place-order.json");
    event["rawPath"] = json!("/shop/v1/orders");
    let world = Functions::default();
    let answer = world.invoke_api(AuthMode::None, staff(), "/shop", &event).await.unwrap();
    assert_eq!(answer["statusCode"], 201);
    let location = answer["headers"]["location"].as_str().unwrap();
    assert!(location.starts_with("/shop/v1/orders/"), "clients follow it: {location}");
}

#[tokio::test]
async fn headers_do_not_authenticate_s14() {
    let mut event = by("api-get-order.json", &Value::Null);
    event["headers"]["authorization"] = json!("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJjLTQyIn0.");
    event["headers"]["x-amzn-iam-arn"] = json!("arn:aws:iam::123456789012:role/shop");
    for mode in [AuthMode::Iam, AuthMode::Jwt] {
        assert_eq!(Functions::with_history().api(mode, &event).await.0, 401);
    }
}

#[tokio::test]
async fn the_caller_is_recorded() {
    let table = [
        (AuthMode::Iam, iam(), "arn:aws:iam::123456789012:role/shop"),
        (AuthMode::Jwt, jwt("staff-1", "orders:staff"), "staff-1"),
        (AuthMode::None, Value::Null, "anonymous"),
    ];
    for (mode, authorizer, actor) in table {
        let world = Functions::default();
        assert_eq!(world.api(mode, &by("api-place-order.json", &authorizer)).await.0, 201);
        assert_eq!(&*world.store.dump()[0].act, actor);
    }
}

#[tokio::test]
async fn the_session_of_staff_is_recorded_beside_the_actor_and_changes_no_command_s5() {
    let role = "arn:aws:sts::123456789012:assumed-role/shop";
    let by_role = |session: &str| json!({ "iam": { "userArn": format!("{role}/{session}") } });
    let by_token = |sub: &str, scope: &str, session: &str| {
        let claims = json!({ "sub": sub, "scope": scope, "jti": session, "sid": "other" });
        json!({ "jwt": { "claims": claims, "scopes": null } })
    };
    let staff = |session: &str| by_token("staff-1", "orders:staff", session);
    let table = [
        (AuthMode::Iam, by_role("anna"), by_role("bert"), role, Some("session:anna")),
        (AuthMode::Iam, iam(), iam(), "arn:aws:iam::123456789012:role/shop", None),
        (AuthMode::Jwt, staff("t-1"), staff("t-2"), "staff-1", Some("session:t-1")),
        (AuthMode::None, Value::Null, Value::Null, "anonymous", None),
    ];
    for (mode, first, second, actor, session) in table {
        let world = Functions::default();
        let (status, placed) = world.api(mode, &by("api-place-order.json", &first)).await;
        assert_eq!(status, 201, "{first}");
        let stored = world.store.dump().remove(0);
        assert_eq!((&*stored.act, stored.cau.as_deref()), (actor, session));
        // The same command from another session is the same command.
        let (_, again) = world.api(mode, &by("api-place-order.json", &second)).await;
        assert_eq!((again, world.store.dump().len()), (placed, 1));
        let published = world.events().remove(0).published();
        assert!(!published.contains("session:"), "{published}");
    }
}

#[tokio::test]
async fn the_claim_of_the_session_is_a_setting_and_customers_have_none() {
    let claims = json!({ "sub": "staff-1", "scope": "orders:staff", "jti": "t-1", "sid": "s-1" });
    let authorizer = json!({ "jwt": { "claims": claims, "scopes": null } });
    let world = Functions::default();
    let staff = Staff::new("scope", "orders:staff").with_session_claim("sid");
    let event = by("api-place-order.json", &authorizer);
    world.invoke_api(AuthMode::Jwt, staff, "", &event).await.unwrap();
    assert_eq!(world.store.dump()[0].cau.as_deref(), Some("session:s-1"));
    let customer = Caller::of_token("c-42", false).unwrap().in_session(Some("s-1"));
    assert_eq!(customer.session(), None);
}

#[tokio::test]
async fn staff_without_a_session_is_recorded_by_another_id_of_the_token_or_refused() {
    let long = "x".repeat(1000);
    let table = [
        (json!({ "jti": "t-1", "iat": "1764122400" }), Some("session:t-1")),
        (json!({ "sid": "", "jti": "t-1" }), Some("session:t-1")),
        (json!({ "sid": long, "jti": "t-1" }), Some("session:t-1")),
        (json!({ "sid": 7, "jti": "t-1" }), Some("session:t-1")),
        (json!({ "iat": "1764122400" }), Some("session:issued 1764122400")),
        (json!({ "jti": "", "iat": 1_764_122_400 }), Some("session:issued 1764122400")),
        (json!({ "sid": "", "jti": long, "iat": "" }), None),
        (json!({ "iat": true }), None),
        (json!({}), None),
    ];
    for (mut claims, session) in table {
        claims["sub"] = json!("staff-1");
        claims["scope"] = json!("orders:staff");
        let by_staff = json!({ "jwt": { "claims": claims, "scopes": null } });
        let world = Functions::default();
        let staff = Staff::new("scope", "orders:staff").with_session_claim("sid");
        for (name, refused) in [("api-place-order.json", 401), ("api-get-order.json", 401)] {
            let event = by(name, &by_staff);
            let said = world.invoke_api(AuthMode::Jwt, staff.clone(), "", &event).await.unwrap();
            assert_eq!(said["statusCode"] == refused, session.is_none(), "{claims} {said}");
        }
        let stored = world.store.dump();
        let recorded: Vec<_> = stored.iter().filter_map(|commit| commit.cau.as_deref()).collect();
        assert_eq!(recorded, Vec::from_iter(session), "{claims}");
        // A customer acts for themselves, whatever the token lacks.
        claims["sub"] = json!("c-42");
        claims["scope"] = json!("openid");
        let by_customer = json!({ "jwt": { "claims": claims, "scopes": null } });
        let event = by("api-get-order.json", &by_customer);
        assert_ne!(world.api(AuthMode::Jwt, &event).await.0, 401, "{claims}");
    }
}

#[tokio::test]
async fn a_problem_carries_the_gateways_request_id() {
    let response =
        Functions::default().api_response(AuthMode::Iam, &sample("api-get-order.json")).await;
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!(
        (&body["instance"], &body["code"]),
        (&json!("BvZ0XgKnliAEJmg="), &json!("not-found"))
    );
}

#[test]
fn auth_mode_is_iam_jwt_or_none() {
    for (name, mode) in [("iam", AuthMode::Iam), ("jwt", AuthMode::Jwt), ("none", AuthMode::None)] {
        assert_eq!(name.parse(), Ok(mode));
    }
    for name in ["", "IAM", "open", "none "] {
        assert_eq!(name.parse::<AuthMode>(), Err(UnknownAuthMode), "{name:?}");
    }
}
