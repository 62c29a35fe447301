//! Subscribers: what other accounts may do, and where other stacks find the topic, the bus and its past.

use serde_json::{Value, json};

use super::model::{Template, each};

/// What another account may do with its own rules. It may not send events.
const RULE_ACTIONS: [&str; 8] = [
    "events:DeleteRule",
    "events:DescribeRule",
    "events:DisableRule",
    "events:EnableRule",
    "events:ListTargetsByRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
];

pub(super) fn others_manage_only_what_is_theirs(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    let subscribers = json!({"AWS": {"Ref": "SubscriberAccounts"}});
    let own_endpoints = json!({
        "StringEquals": {"sns:Protocol": ["sqs", "lambda"]},
        "StringLike": {"sns:Endpoint": [
            "arn:*:sqs:*:${aws:PrincipalAccount}:*",
            "arn:*:lambda:*:${aws:PrincipalAccount}:function:*",
        ]},
    });
    let policies = template.of_type("AWS::SNS::TopicPolicy");
    let statements = policies.flat_map(|policy| each(policy.get("/PolicyDocument/Statement")));
    let conditional = statements.filter_map(|statement| statement.pointer("/Fn::If"));
    let conditional: Vec<&Value> = conditional.collect();
    let is_exact = |choice: &&Value| {
        let statement = &choice[1];
        choice[0] == "HasSubscribers"
            && statement["Principal"] == subscribers
            && statement["Action"] == "sns:Subscribe"
            && statement["Condition"] == own_endpoints
    };
    if conditional.len() != 1 || !conditional.iter().all(is_exact) {
        wrong.push("another account can do more than subscribe its own queues".to_owned());
    }
    let own_rules =
        json!({"StringEqualsIfExists": {"events:creatorAccount": "${aws:PrincipalAccount}"}});
    let is_exact = template.of_type("AWS::Events::EventBus").any(|bus| {
        let statement = |name| bus.get(&format!("/Policy/Fn::If/1/Statement/0/{name}"));
        bus.get("/Policy/Fn::If/0") == "HasSubscribers"
            && bus.get("/Policy/Fn::If/1/Statement").as_array().map(Vec::len) == Some(1)
            && statement("Principal") == &subscribers
            && statement("Action") == &json!(RULE_ACTIONS)
            && statement("Condition") == &own_rules
    });
    if !is_exact {
        wrong.push("another account cannot manage rules, or more than its own".to_owned());
    }
    wrong
}

pub(super) fn they_find_the_topic_the_bus_and_its_past(template: &Template) -> Vec<String> {
    let wanted = [
        ("topic-arn", json!({"Ref": "Topic"})),
        ("bus-arn", json!({"Fn::GetAtt": "Bus.Arn"})),
        ("bus-name", json!({"Ref": "Bus"})),
        ("event-source", json!({"Ref": "EventSource"})),
    ];
    let mut wrong = Vec::new();
    for (name, value) in wanted {
        let name = json!({"Fn::Sub": format!("/${{AWS::StackName}}/{name}")});
        let is_right = template
            .of_type("AWS::SSM::Parameter")
            .any(|parameter| parameter.get("/Name") == &name && parameter.get("/Value") == &value);
        if !is_right {
            wrong.push(format!("no parameter {name} with {value}"));
        }
    }
    let keeps_all = template.of_type("AWS::Events::Archive").any(|archive| {
        archive.block["Condition"] == "KeepsArchive"
            && archive.get("/SourceArn") == &json!({"Fn::GetAtt": "Bus.Arn"})
            && archive.get("/EventPattern").is_null()
    });
    let days = &template.document["Parameters"]["ArchiveDays"]["Default"];
    if !keeps_all || days.as_i64().is_none_or(|days| days < 1) {
        wrong.push("the bus does not keep every event by default".to_owned());
    }
    wrong
}
