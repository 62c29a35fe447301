//! Policies: each of the registry has its function, its events and its ticker. And the schedule of the sweeper.

use std::time::Duration;

use dekigoto::{measure::SWEPT_SEGMENTS, sweep::SWEEP_BACK};
use serde_json::json;

use super::{
    functions::{binary_of, pascal},
    model::{Template, each, points_at},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The names of the policies of the registry.
pub(super) fn policies() -> Vec<&'static str> {
    let service = order_service::service();
    service.policies().iter().map(|policy| policy.name()).collect()
}

/// The policy `fulfilment` of the registry is `FulfilmentPolicyFunction` with `POLICY: fulfilment` in the template.
pub(super) fn every_policy_has_its_function(template: &Template) -> Vec<String> {
    let mut functions: Vec<_> = template
        .functions()
        .filter(|function| binary_of(function.name) == "policy")
        .map(|function| (function.name, function.get("/Environment/Variables/POLICY")))
        .collect();
    let mut wrong = Vec::new();
    for name in policies() {
        let function = format!("{}PolicyFunction", pascal(name));
        let count = functions.len();
        functions.retain(|(its, policy)| *its != function || **policy != json!(name));
        if functions.len() == count {
            wrong.push(format!("{name}: no {function}. The mapping Policies says how to add one"));
        }
    }
    wrong.extend(functions.iter().map(|(name, _)| format!("{name} runs no policy")));
    wrong
}

/// A policy gets the events that it reacts to, and no others.
pub(super) fn every_policy_subscribes_to_what_it_needs(template: &Template) -> Vec<String> {
    let service = order_service::service();
    let mut wrong = Vec::new();
    for policy in service.policies() {
        let name = format!("{}PolicySubscription", pascal(policy.name()));
        let subscription = template.of_type("AWS::SNS::Subscription").find(|it| it.name == name);
        let filter = subscription.map(|it| it.get("/FilterPolicy").clone()).unwrap_or_default();
        let scope = subscription.map(|it| it.get("/FilterPolicyScope").clone());
        let needed = json!({ "eventType": policy.events() });
        if filter != needed || scope != Some("MessageAttributes".into()) {
            wrong.push(format!("{name}: {filter} is not Policy::EVENTS: {needed}"));
        }
    }
    wrong
}

/// The schedule invokes the rebuild function often enough for `SWEEP_BACK`, and its commits go to the publisher.
pub(super) fn the_sweeper_is_invoked_each_day(template: &Template) -> Vec<String> {
    let rules: Vec<_> = template
        .of_type("AWS::Events::Rule")
        .filter(|rule| rule.get("/ScheduleExpression") == &json!("rate(1 day)"))
        .filter(|rule| rule.get("/State") == &json!("ENABLED"))
        .filter(|rule| {
            each(rule.get("/Targets")).iter().any(|target| {
                points_at(&target["Arn"]) == Some("RebuildFunction")
                    && target["Input"] == "{\"sweep\":true}"
            })
        })
        .map(|rule| rule.name)
        .collect();
    let is_permitted = template.of_type("AWS::Lambda::Permission").any(|permission| {
        points_at(permission.get("/FunctionName")) == Some("RebuildFunction")
            && permission.get("/Principal") == &json!("events.amazonaws.com")
            && points_at(permission.get("/SourceArn")).is_some_and(|it| rules.contains(&it))
    });
    let mut wrong = Vec::new();
    if !is_permitted || SWEEP_BACK < DAY * 2 {
        wrong.push("nothing looks for commits whose stream record was lost".to_owned());
    }
    if !is_sweep_watched(template) {
        wrong.push("no alarm in time when no sweep ends".to_owned());
    }
    let function = template.functions().find(|it| it.name == "RebuildFunction");
    let queue = json!({"Ref": "PublisherRetryQueue"});
    if function.is_none_or(|it| it.get("/Environment/Variables/RETRY_QUEUE_URL") != &queue) {
        wrong.push("the sweeper does not give its commits to the publisher".to_owned());
    }
    wrong
}

/// An alarm rings while a sweep still sees what the missing one would have seen, and not in a stack without a first sweep.
fn is_sweep_watched(template: &Template) -> bool {
    template.of_type("AWS::CloudWatch::Alarm").any(|alarm| {
        let number = |path: &str| alarm.get(path).as_u64().unwrap_or_default();
        let silent = Duration::from_secs(number("/Period") * number("/EvaluationPeriods"));
        let warm_up = number("/WarmUpConfiguration/WarmUpPeriodDurationInMinutes");
        alarm.get("/MetricName") == &json!(SWEPT_SEGMENTS.name())
            && alarm.get("/TreatMissingData") == &json!("breaching")
            && (DAY..SWEEP_BACK - DAY).contains(&silent)
            && Duration::from_secs(warm_up * 60) >= silent
    })
}

/// The ticker of a policy is invoked each minute, may queue what is due, and an alarm tells when it is not invoked.
pub(super) fn every_policy_has_its_ticker(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in policies() {
        let word = pascal(name);
        let function = format!("{word}PolicyFunction");
        let rules: Vec<_> = template
            .of_type("AWS::Events::Rule")
            .filter(|rule| rule.get("/ScheduleExpression") == &json!("rate(1 minute)"))
            .filter(|rule| {
                each(rule.get("/Targets")).iter().any(|target| {
                    points_at(&target["Arn"]) == Some(&function)
                        && target["Input"] == "{\"tick\":true}"
                })
            })
            .map(|rule| rule.name)
            .collect();
        let is_permitted = template.of_type("AWS::Lambda::Permission").any(|permission| {
            points_at(permission.get("/FunctionName")) == Some(&function)
                && permission.get("/Principal") == &json!("events.amazonaws.com")
                && points_at(permission.get("/SourceArn")).is_some_and(|it| rules.contains(&it))
        });
        if !is_permitted {
            wrong.push(format!("{name}: no schedule may invoke {function} each minute"));
        }
        let is_watched = template.of_type("AWS::CloudWatch::Alarm").any(|alarm| {
            alarm.get("/MetricName") == &json!("Invocations")
                && alarm.get("/TreatMissingData") == &json!("breaching")
                && each(alarm.get("/Dimensions"))
                    .iter()
                    .any(|it| points_at(&it["Value"]) == Some(&function))
        });
        if !is_watched {
            wrong.push(format!("{name}: no alarm when its ticker stands still"));
        }
        let own = json!({"Ref": format!("{word}PolicyQueue")});
        let queue = template.functions().find(|it| it.name == function);
        if queue.is_none_or(|it| it.get("/Environment/Variables/QUEUE_URL") != &own) {
            wrong.push(format!("{name}: its ticker does not feed its own queue"));
        }
    }
    wrong
}
