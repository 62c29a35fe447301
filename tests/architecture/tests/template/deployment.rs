//! Deployment: the alias, its brakes, the order of functions, and their names.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::model::{ALIAS, Resource, Template, each, points_at};

/// The alarms that stop every gradual deployment: the promises to callers.
const BRAKES: [&str; 2] = ["Http5xxAlarm", "HttpLatencyAlarm"];

/// The longest name of a function.
const FUNCTION_NAME_MAX: usize = 64;
/// The longest name of a stack that `make deploy-local` and the guide allow.
const STACK_NAME_MAX: usize = 40;

/// The alias of a function, as SAM names it.
fn alias_of(function: &str) -> String {
    format!("{function}{ALIAS}")
}

/// A mapping that calls the function itself would get new code at once.
pub(super) fn everything_calls_the_alias(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for function in template.functions() {
        if function.get("/AutoPublishAlias") != "live" {
            wrong.push(format!("{} has no alias", function.name));
        }
        // Without it, a changed setting would not reach the alias.
        if function.get("/AutoPublishAliasAllProperties") != &json!(true) {
            wrong.push(format!("{}: a changed setting makes no version", function.name));
        }
    }
    for (caller, callee) in calls(template) {
        let aliases = template.functions().map(|function| alias_of(function.name));
        if !aliases.into_iter().any(|alias| callee.contains(&format!("{alias}\""))) {
            wrong.push(format!("{caller} calls {callee}"));
        }
    }
    if template.document["Outputs"]["FunctionAlias"]["Value"] != "live" {
        wrong.push("the operator's command does not find the alias".to_owned());
    }
    wrong
}

/// What calls functions, and the expression that names the called one.
fn calls(template: &Template) -> Vec<(&str, String)> {
    let named = ["AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission"];
    let named = named.iter().flat_map(|kind| template.resources().filter(|it| it.kind() == *kind));
    let mut calls: Vec<_> =
        named.map(|it| (it.name, it.get("/FunctionName").to_string())).collect();
    for integration in template.of_type("AWS::ApiGatewayV2::Integration") {
        let uri = integration.get("/IntegrationUri").to_string();
        calls.push((integration.name, uri.replace("}/invocations", "\"")));
    }
    for rule in template.of_type("AWS::Events::Rule") {
        let targets = each(rule.get("/Targets")).into_iter().filter(|target| {
            template.target(&target["Arn"]).is_some_and(|it| it.kind().ends_with("Function"))
        });
        calls.extend(targets.map(|target| (rule.name, target["Arn"].to_string())));
    }
    calls
}

/// A deployment moves traffic step by step, and goes back when callers get errors or slow answers.
pub(super) fn deployments_are_gradual_and_have_brakes(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    let parameter = &template.document["Parameters"]["Deployment"];
    let gradual = &template.document["Mappings"]["Deployments"]["IsGradual"];
    for way in each(&parameter["AllowedValues"]).into_iter().filter_map(Value::as_str) {
        if gradual[way] != json!(way != "AllAtOnce") {
            wrong.push(format!("{way} is gradual: {}", gradual[way]));
        }
    }
    let default = parameter["Default"].as_str().unwrap_or_default();
    if gradual[default] != json!(true) {
        wrong.push(format!("by default an update is {default}"));
    }
    for function in template.functions() {
        let preference = function.get("/DeploymentPreference");
        let enabled = json!({"Fn::FindInMap": ["Deployments", "IsGradual", {"Ref": "Deployment"}]});
        if preference["Type"] != json!({"Ref": "Deployment"}) || preference["Enabled"] != enabled {
            wrong.push(format!("{} does not follow the parameter Deployment", function.name));
        }
        // Otherwise SAM makes a role, with a policy of AWS that no other rule sees.
        if points_at(&preference["Role"]) != Some("DeploymentRole") {
            wrong.push(format!("{} is deployed with a role that is not ours", function.name));
        }
        let alarms = &preference["Alarms"]["Fn::If"];
        let named: Vec<_> = each(&alarms[1]).into_iter().filter_map(points_at).collect();
        for brake in BRAKES.iter().filter(|brake| !named.contains(brake)) {
            wrong.push(format!("{} deploys on while {brake} rings", function.name));
        }
        for name in named.iter().filter(|it| template.resources().all(|alarm| alarm.name != **it)) {
            wrong.push(format!("{}: there is no {name}", function.name));
        }
    }
    wrong
}

/// What a resource waits for, directly or not. A function waits for another by its alias, because the alias moves last.
fn awaited<'a>(template: &'a Template, name: &str, found: &mut BTreeSet<&'a str>) {
    let block = template.resources().find(|it| it.name == name).map(|it| &it.block["DependsOn"]);
    for next in block.into_iter().flat_map(each).filter_map(Value::as_str) {
        if found.insert(next) {
            awaited(template, next.strip_suffix(ALIAS).unwrap_or(next), found);
        }
    }
}

/// A writer of new events deploys after their readers: the readers would have to retry until they are new, too.
pub(super) fn readers_deploy_before_writers(template: &Template) -> Vec<String> {
    let is_writer = |function: &Resource<'_>| {
        template.target(function.get("/Role")).is_some_and(|role| {
            let statements = each(role.get("/Policies/0/PolicyDocument/Statement"));
            statements.into_iter().any(|it| {
                points_at(&it["Resource"]) == Some("EventTable")
                    && each(&it["Action"]).into_iter().any(|action| action == "dynamodb:PutItem")
            })
        })
    };
    let has_mapping = |function: &Resource<'_>| {
        template.mappings().any(|it| points_at(it.get("/FunctionName")) == Some(function.name))
    };
    let mut wrong = Vec::new();
    for writer in template.functions().filter(is_writer) {
        let mut before = BTreeSet::new();
        awaited(template, writer.name, &mut before);
        // Two policies may read each other's events, so between writers with queues there is no order.
        let readers = template.functions().filter(has_mapping);
        let readers = readers.filter(|it| !(is_writer(it) && has_mapping(&writer)));
        for reader in readers.filter(|it| !before.contains(alias_of(it.name).as_str())) {
            wrong.push(format!(
                "{} deploys before {}, which reads its events",
                writer.name, reader.name
            ));
        }
    }
    wrong
}

pub(super) fn function_names_fit(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for function in template.functions() {
        let name = function.get("/FunctionName")["Fn::Sub"].as_str().unwrap_or_default();
        let own = name.replace("${AWS::StackName}", "").len();
        if own + STACK_NAME_MAX > FUNCTION_NAME_MAX {
            wrong.push(format!(
                "{name} has over {FUNCTION_NAME_MAX} characters in a stack of {STACK_NAME_MAX}"
            ));
        }
    }
    wrong
}

#[test]
fn the_guide_and_the_tool_know_the_longest_name_of_a_stack() {
    let deploy = include_str!("../../../../infra/local/deploy.py");
    assert!(deploy.contains(&format!("STACK_NAME_MAX = {STACK_NAME_MAX}\n")));
    let guide = include_str!("../../../../infra/site/guides/deploy.html");
    assert!(guide.contains(&format!("at most {STACK_NAME_MAX} characters")));
}

/// Stack tags reach every resource. The budget finds the costs by this tag.
fn has_its_tag(settings: &str) -> bool {
    let value = |key: &str| {
        let line = settings.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        line.map(|it| it.trim_matches('"').to_owned())
    };
    value("stack_name").is_some_and(|stack| value("tags") == Some(format!("service={stack}")))
}

#[test]
fn every_resource_has_the_tag_of_its_service() {
    let settings = include_str!("../../../../samconfig.toml");
    assert!(has_its_tag(settings));
    assert!(!has_its_tag(&settings.replace("tags = ", "# tags = ")));
    assert!(!has_its_tag(&settings.replace("service=dekigoto", "service=other")));
    let filter = "CostFilters: {TagKeyValue: [!Sub \"user:service$${AWS::StackName}\"]}";
    assert!(Template::text().contains(filter));
}

const ARCHITECTURE: &str = include_str!("../../../../ARCHITECTURE.md");

/// What only AWS gets: blocks under a condition, and properties in `Fn::If` with it.
fn only_on_aws(template: &Template) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for resource in template.resources() {
        if ["OnAws", "WatchesBus"].iter().any(|it| resource.block["Condition"] == *it) {
            found.insert(resource.kind().to_owned());
        }
        for (property, value) in resource.block["Properties"].as_object().into_iter().flatten() {
            if value.to_string().contains("{\"Fn::If\":[\"OnAws\"") {
                found.insert(property.clone());
            }
        }
    }
    found
}

pub(super) fn what_an_emulator_lacks_is_listed(template: &Template) -> Vec<String> {
    let section = ARCHITECTURE.split("\n## What an emulator lacks\n").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let listed = |name: &String| section.contains(&format!("`{name}`"));
    let missing = only_on_aws(template).into_iter().filter(|name| !listed(name));
    let mut wrong: Vec<_> = missing.map(|name| format!("{name} is not listed")).collect();
    for (parameter, value) in [("Emulated", "false"), ("Deployment", "Linear10PercentEvery1Minute")]
    {
        if template.document["Parameters"][parameter]["Default"] != value {
            wrong.push(format!("the default of {parameter} is not right for AWS"));
        }
    }
    wrong
}
