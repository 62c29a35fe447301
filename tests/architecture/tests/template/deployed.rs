//! What a deployed stack holds keeps its logical id, its type and its name. CloudFormation would delete a resource with
//! another id and create a new one, with whatever it holds.

use serde_json::Value;

use super::model::{Resource, Template, points_at};

/// Logical id, type and, where a change of it means a replacement, the name.
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
