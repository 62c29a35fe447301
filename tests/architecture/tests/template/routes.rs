//! The way in: routes, who may use them, how often, and what is written down about it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::model::{Template, points_at};

/// The HTTP contract, and the catch-all that answers 404 and 405 as problem details.
const ROUTES: &[&str] = &[
    "$default",
    "GET /v1/customers/{customerId}/summary",
    "GET /v1/health",
    "GET /v1/orders",
    "GET /v1/orders/{orderId}",
    "GET /v1/orders/{orderId}/events",
    "GET /v1/sales/daily",
    "POST /v1/orders",
    "POST /v1/orders/{orderId}/cancel",
    "POST /v1/orders/{orderId}/confirm",
    "POST /v1/orders/{orderId}/deliver",
    "POST /v1/orders/{orderId}/payments",
    "POST /v1/orders/{orderId}/ship",
];
const OPEN: &str = "GET /v1/health";
/// Variables that would carry a body, a token, a query or a person's address into the access log.
const PRIVATE: &[&str] = &["identity", "claims", "queryString", "path\"", "body", "header"];

pub(super) fn the_api_is_closed_by_default(template: &Template) -> Vec<String> {
    let mode = &template.document["Parameters"]["AuthMode"];
    let mut wrong = Vec::new();
    if mode["Default"] != "iam" || mode["AllowedValues"] != json!(["iam", "jwt", "none"]) {
        wrong.push(format!("AuthMode is {mode}"));
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

pub(super) fn every_route_is_there(template: &Template) -> Vec<String> {
    let wanted: BTreeSet<_> = ROUTES.iter().copied().collect();
    let routes = template.of_type("AWS::ApiGatewayV2::Route");
    let found: BTreeSet<_> = routes.filter_map(|route| route.get("/RouteKey").as_str()).collect();
    wanted
        .symmetric_difference(&found)
        .map(|key| format!("{key} is in only one of template and contract"))
        .collect()
}

pub(super) fn only_health_is_open(template: &Template) -> Vec<String> {
    let closed = json!({"Fn::If": ["UsesIam", "AWS_IAM", {"Fn::If": ["UsesJwt", "JWT", "NONE"]}]});
    let authorizer =
        json!({"Fn::If": ["UsesJwt", {"Ref": "JwtAuthorizer"}, {"Ref": "AWS::NoValue"}]});
    let bad = template.of_type("AWS::ApiGatewayV2::Route").filter(|route| {
        let health = route.get("/RouteKey") == &json!(OPEN);
        !health
            && (route.get("/AuthorizationType") != &closed
                || route.get("/AuthorizerId") != &authorizer)
    });
    bad.map(|route| format!("{} is open", route.name)).collect()
}

pub(super) fn the_api_is_throttled_and_logged(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for stage in template.of_type("AWS::ApiGatewayV2::Stage") {
        for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
            if stage.get(&format!("/DefaultRouteSettings/{limit}")) != &json!({"Ref": limit}) {
                wrong.push(format!("{}: no {limit}", stage.name));
            }
        }
        if points_at(stage.get("/AccessLogSettings/DestinationArn")).is_none() {
            wrong.push(format!("{}: no access log", stage.name));
        }
        let format = stage.get("/AccessLogSettings/Format").as_str().unwrap_or_default();
        if serde_json::from_str::<Value>(format).is_err() {
            wrong.push(format!("{}: the access log is not JSON", stage.name));
        }
        wrong.extend(
            PRIVATE
                .iter()
                .filter(|name| format.contains(**name))
                .map(|name| format!("the access log holds {name}")),
        );
    }
    wrong
}
