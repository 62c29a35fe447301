//! The API: routes, authorization, throttling and the access log.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, iter,
    path::PathBuf,
};

use dekigoto_http::cors;
use serde_json::{Value, json};

use super::model::Template;

/// The role session of a signed request. It is not a customer.
const PRINCIPAL: &str = "$context.identity.userArn";

/// The catch-all, which answers 404 and 405 as problem details.
const CATCH_ALL: &str = "$default";
/// The open routes: health and the contract. They read no order.
const OPEN: &[&str] = &["GET /", "GET /v1/health", "GET /v1/openapi.json"];
const METHODS: &[&str] = &["delete", "get", "head", "options", "patch", "post", "put", "trace"];
/// Variables with a body, a token, a query or a caller's address, which must not be in the access log.
const PRIVATE: &[&str] = &["identity", "claims", "queryString", "path\"", "body", "header"];

pub(super) fn the_api_is_closed_by_default(template: &Template) -> Vec<String> {
    let mode = &template.document["Parameters"]["AuthMode"];
    let mut wrong = Vec::new();
    if mode["Default"] != "iam" || mode["AllowedValues"] != json!(["iam", "jwt", "none"]) {
        wrong.push(format!("AuthMode is {mode}"));
    }
    let guard = &template.document["Rules"]["NobodyIsOnlyForThrowawayStacks"];
    if guard["RuleCondition"] != json!({"Fn::Equals": [{"Ref": "AuthMode"}, "none"]})
        || guard["Assertions"][0]["Assert"]
            != json!({"Fn::Equals": [{"Ref": "DeletionProtection"}, "false"]})
    {
        wrong.push("AuthMode none is allowed for a protected stack".to_owned());
    }
    for (condition, value) in [("UsesIam", "iam"), ("UsesJwt", "jwt")] {
        if template.document["Conditions"][condition]
            != json!({"Fn::Equals": [{"Ref": "AuthMode"}, value]})
        {
            wrong.push(format!("{condition} does not follow AuthMode"));
        }
    }
    wrong
}

/// The operations of `infra/openapi.yaml`, and whether each is open.
fn operations() -> BTreeMap<String, bool> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../infra/openapi.yaml");
    let text = fs::read_to_string(path).expect("openapi.yaml is readable");
    let document: Value = yaml_serde::from_str(&text).expect("openapi.yaml is YAML");
    let mut operations = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                let key = format!("{} {path}", method.to_uppercase());
                operations.insert(key, operation["security"] == json!([]));
            }
        }
    }
    operations
}

/// No origin may call the API unless a parameter names it, and browsers get the lists of the kit.
pub(super) fn browsers_get_the_lists_of_the_kit(template: &Template) -> Vec<String> {
    let api = template.of_type("AWS::ApiGatewayV2::Api").next();
    let found = api.map_or(&Value::Null, |api| api.get("/CorsConfiguration"));
    let expected = json!({"Fn::If": ["HasAllowedOrigins", {
        "AllowOrigins": {"Ref": "AllowedOrigins"},
        "AllowMethods": cors::METHODS,
        "AllowHeaders": cors::REQUEST_HEADERS,
        "ExposeHeaders": cors::EXPOSED_HEADERS,
        "MaxAge": cors::PREFLIGHT_AGE_MAX.as_secs(),
    }, {"Ref": "AWS::NoValue"}]});
    let mut wrong = Vec::new();
    if *found != expected {
        wrong
            .push(format!("CorsConfiguration is {found}, but dekigoto_http::cors says {expected}"));
    }
    if template.document["Parameters"]["AllowedOrigins"]["Default"] != "" {
        wrong.push("AllowedOrigins allows an origin by default".to_owned());
    }
    wrong
}

pub(super) fn every_route_is_in_the_template(template: &Template) -> Vec<String> {
    let operations = operations();
    let wanted: BTreeSet<_> =
        operations.keys().map(String::as_str).chain(iter::once(CATCH_ALL)).collect();
    let routes = template.of_type("AWS::ApiGatewayV2::Route");
    let found: BTreeSet<_> = routes.filter_map(|route| route.get("/RouteKey").as_str()).collect();
    wanted
        .symmetric_difference(&found)
        .map(|key| format!("{key} is in only one of template.yaml and infra/openapi.yaml"))
        .collect()
}

pub(super) fn only_public_routes_are_open(template: &Template) -> Vec<String> {
    let closed = json!({"Fn::If": ["UsesIam", "AWS_IAM", {"Fn::If": ["UsesJwt", "JWT", "NONE"]}]});
    let authorizer =
        json!({"Fn::If": ["UsesJwt", {"Ref": "JwtAuthorizer"}, {"Ref": "AWS::NoValue"}]});
    let mut wrong = Vec::new();
    for route in template.of_type("AWS::ApiGatewayV2::Route") {
        let is_open = OPEN.iter().any(|key| route.get("/RouteKey") == key);
        let is_as_it_should_be = if is_open {
            route.get("/AuthorizationType") == "NONE" && route.get("/AuthorizerId").is_null()
        } else {
            route.get("/AuthorizationType") == &closed && route.get("/AuthorizerId") == &authorizer
        };
        if !is_as_it_should_be {
            let word = if is_open { "closed" } else { "open" };
            wrong.push(format!("{} is {word}", route.name));
        }
    }
    let promised = operations().into_iter().filter_map(|(key, is_open)| is_open.then_some(key));
    if !promised.eq(OPEN.iter().copied()) {
        wrong.push("infra/openapi.yaml has other open routes".to_owned());
    }
    wrong
}

pub(super) fn the_api_is_throttled_and_logged(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for stage in template.of_type("AWS::ApiGatewayV2::Stage") {
        for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
            if stage.get(&format!("/DefaultRouteSettings/{limit}")) != &json!({"Ref": limit}) {
                wrong.push(format!("{}: no {limit}", stage.name));
            }
        }
        for key in OPEN {
            let own = &stage.get("/RouteSettings/Fn::If/1")[*key];
            let default = &template.document["Parameters"]["ThrottlingRateLimit"]["Default"];
            let is_slower = own["ThrottlingRateLimit"].as_i64() < default.as_i64();
            if !is_slower || own["ThrottlingBurstLimit"].as_i64().is_none_or(|burst| burst > 20) {
                wrong.push(format!("{}: strangers may use {key} as often as callers", stage.name));
            }
        }
        if stage.get("/RouteSettings/Fn::If/0") != "OnAws" {
            wrong.push(format!("{}: open routes have no throttles on AWS", stage.name));
        }
        // API Gateway writes to a group of another name by a policy of the account, which each stack makes longer.
        let group = template.target(stage.get("/AccessLogSettings/DestinationArn"));
        let name = group.map(|it| it.get("/LogGroupName/Fn::Sub").clone()).unwrap_or_default();
        if !name.as_str().is_some_and(|name| name.starts_with("/aws/vendedlogs/")) {
            wrong.push(format!("{}: no access log below /aws/vendedlogs/", stage.name));
        }
        let format = stage.get("/AccessLogSettings/Format").as_str().unwrap_or_default();
        if !format.contains(PRINCIPAL) {
            wrong.push(format!("{}: nobody is named", stage.name));
        }
        if serde_json::from_str::<Value>(format).is_err() {
            wrong.push(format!("{}: the access log is not JSON", stage.name));
        }
        wrong.extend(
            PRIVATE
                .iter()
                .filter(|name| format.replace(PRINCIPAL, "").contains(**name))
                .map(|name| format!("the access log contains {name}")),
        );
    }
    wrong
}
