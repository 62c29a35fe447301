//! Deployed resources keep their logical id, type and name. If one of these changes, CloudFormation deletes the resource
//! with its data and creates a new one.

use serde_json::Value;

use super::model::{Resource, Template, points_at};

/// Logical id, type and, if changing it replaces the resource, the name.
const DEPLOYED: &str = include_str!("deployed.txt");

fn name_of(resource: Resource<'_>) -> Option<&str> {
    let name = match resource.kind() {
        "AWS::Serverless::Function" => resource.get("/FunctionName"),
        "AWS::Logs::LogGroup" => resource.get("/LogGroupName"),
        "AWS::Events::EventBus" => resource.get("/Name"),
        _ => &Value::Null,
    };
    name["Fn::Sub"].as_str().or_else(|| points_at(name))
}

#[test]
fn deployed_resources_keep_their_ids_types_and_names() {
    let template = Template::load();
    let here: Vec<_> = template
        .resources()
        .map(|it| [Some(it.name), Some(it.kind()), name_of(it)])
        .map(|words| words.into_iter().flatten().collect::<Vec<_>>().join(" "))
        .collect();
    let lines = DEPLOYED.lines().filter(|line| !line.starts_with('#'));
    let gone: Vec<_> = lines.filter(|line| !here.iter().any(|it| it == line)).collect();
    assert!(
        gone.is_empty(),
        "an update would delete these. Drop a line only if it may:\n{gone:#?}"
    );
}
