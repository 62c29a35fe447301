//! Permissions: the functions' roles, and the policies of queues and topic.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    functions::pascal,
    model::{Resource, Template, each, points_at},
    policies::policies,
};

/// The allowed wildcards (role, action, resource). The template explains each of them.
const STARS: &[(&str, &str, &str)] = &[
    ("PublisherRole", "dynamodb:ListStreams", "${EventTable.Arn}/stream/*"),
    ("PublisherRole", "s3:PutObject", "${StreamFailureBucket.Arn}/aws/lambda/*"),
    ("DeploymentRole", "cloudwatch:DescribeAlarms", "*"),
    ("DeploymentRole", "lambda:GetAlias", OWN_FUNCTIONS),
    ("DeploymentRole", "lambda:GetProvisionedConcurrencyConfig", OWN_FUNCTIONS),
    ("DeploymentRole", "lambda:UpdateAlias", OWN_FUNCTIONS),
];

/// The functions of the stack, by their names.
const OWN_FUNCTIONS: &str =
    "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-*";

/// The actions that change or remove an existing item.
const CHANGES: &[&str] =
    &["UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQL", "DeleteTable", "UpdateTable"];

fn statements(policy: &Value) -> Vec<&Value> {
    each(&policy["Statement"])
}

pub(super) fn role_statements(role: Resource<'_>) -> Vec<&Value> {
    let policies = each(role.get("/Policies"));
    policies.into_iter().flat_map(|policy| statements(&policy["PolicyDocument"])).collect()
}

pub(super) fn texts(value: &Value) -> Vec<&str> {
    each(value).into_iter().filter_map(Value::as_str).collect()
}

pub(super) fn each_function_has_its_own_role(template: &Template) -> Vec<String> {
    let roles: Vec<_> = template.functions().map(|f| (f.name, points_at(f.get("/Role")))).collect();
    let distinct: BTreeSet<_> = roles.iter().filter_map(|(_, role)| *role).collect();
    let mut wrong = Vec::new();
    if distinct.len() != roles.len() {
        wrong.push(format!("roles are shared or missing: {roles:?}"));
    }
    for function in template.functions().filter(|f| !f.get("/Policies").is_null()) {
        wrong.push(format!("{} has SAM policies, which allow more than they show", function.name));
    }
    for role in
        template.of_type("AWS::IAM::Role").filter(|r| !r.get("/ManagedPolicyArns").is_null())
    {
        wrong.push(format!("{} has managed policies", role.name));
    }
    wrong
}

pub(super) fn permissions_are_exact(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for role in template.of_type("AWS::IAM::Role") {
        for statement in role_statements(role) {
            let actions = texts(&statement["Action"]);
            if actions.is_empty() || actions.iter().any(|action| action.contains('*')) {
                wrong.push(format!("{}: actions {actions:?}", role.name));
            }
            for resource in each(&statement["Resource"]) {
                let text = resource["Fn::Sub"].as_str().or(resource.as_str()).unwrap_or_default();
                let meant = actions.iter().all(|action| STARS.contains(&(role.name, action, text)));
                if text.contains('*') && !meant {
                    wrong.push(format!("{}: {actions:?} on {text}", role.name));
                }
            }
            if statement["Resource"].is_null()
                || !statement["NotAction"].is_null()
                || !statement["NotResource"].is_null()
            {
                wrong.push(format!(
                    "{}: a statement has no Resource, or NotAction or NotResource",
                    role.name
                ));
            }
        }
    }
    wrong.extend(publishes_with_its_own_source(template));
    wrong
}

fn publishes_with_its_own_source(template: &Template) -> Option<String> {
    let role = template.resources().find(|resource| resource.name == "PublisherRole")?;
    let put = role_statements(role)
        .into_iter()
        .find(|s| texts(&s["Action"]).contains(&"events:PutEvents"))?;
    let own = put["Condition"]["ForAllValues:StringEquals"]["events:source"]
        == json!({"Ref": "EventSource"});
    (!own).then(|| "the publisher can forge another service's events".to_owned())
}

pub(super) fn no_role_can_change_history(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for role in template.of_type("AWS::IAM::Role") {
        for statement in role_statements(role) {
            for action in texts(&statement["Action"]) {
                if CHANGES.iter().any(|change| action.contains(change)) {
                    wrong.push(format!("{} may {action}", role.name));
                }
                let on_events = each(&statement["Resource"])
                    .into_iter()
                    .any(|r| points_at(r) == Some("EventTable"));
                if on_events && action == "dynamodb:PutItem" && !appends(role.name) {
                    wrong.push(format!("{} may append", role.name));
                }
            }
        }
    }
    wrong
}

/// The API and the policies append events.
fn appends(role: &str) -> bool {
    let is_policy = |name: &str| role == format!("{}PolicyRole", pascal(name));
    role == "ApiRole" || policies().into_iter().any(is_policy)
}

/// The API only reads views. The exception is the row of its cursor key, in the partition that the code names.
pub(super) fn the_api_writes_no_view(template: &Template) -> Vec<String> {
    let code = include_str!("../../../../shared/http/src/cursor_key.rs");
    let one_row = json!({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["cursor-key"]}});
    let mut wrong = Vec::new();
    if !code.contains("const PARTITION: &str = \"cursor-key\";") {
        wrong.push("the code uses another partition for its cursor key".to_owned());
    }
    let api = template.of_type("AWS::IAM::Role").filter(|role| role.name == "ApiRole");
    let on_views = api.flat_map(role_statements).filter(|statement| {
        let resources = each(&statement["Resource"]);
        resources.iter().any(|it| it.to_string().contains("ViewTable"))
    });
    let mut puts = 0;
    for statement in on_views {
        let actions = texts(&statement["Action"]);
        let all_reads = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"];
        let reads = actions.iter().all(|it| all_reads.contains(it));
        let puts_its_key = actions == ["dynamodb:PutItem"] && statement["Condition"] == one_row;
        puts += usize::from(puts_its_key);
        if !(reads || puts_its_key) {
            wrong.push(format!("the API may {actions:?} any row of a view"));
        }
    }
    if puts != 1 {
        wrong.push("the API cannot store its cursor key".to_owned());
    }
    wrong
}

/// Queues and topics, with the statements of their policies.
fn guarded(template: &Template) -> Vec<(Resource<'_>, Vec<&Value>)> {
    let kinds = [
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "/Queues"),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "/Topics"),
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "/Bucket"),
    ];
    let mut found = Vec::new();
    for (kind, policy_kind, list) in kinds {
        for resource in template.resources().filter(|r| r.kind() == kind) {
            let mine = template.resources().filter(|r| r.kind() == policy_kind).filter(|policy| {
                each(policy.get(list))
                    .into_iter()
                    .any(|entry| points_at(entry) == Some(resource.name))
            });
            found.push((
                resource,
                mine.flat_map(|policy| statements(policy.get("/PolicyDocument"))).collect(),
            ));
        }
    }
    found
}

pub(super) fn policies_deny_requests_without_tls(template: &Template) -> Vec<String> {
    // On AWS no request comes from loopback; on the local emulator every request does.
    let condition = json!({"Bool": {"aws:SecureTransport": "false"}, "NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}});
    let refuses = |statement: &Value, resource: &str| {
        statement["Effect"] == "Deny"
            && statement["Principal"] == "*"
            && statement["Condition"] == condition
            && each(&statement["Resource"]).first().and_then(|it| points_at(it)) == Some(resource)
    };
    let open =
        guarded(template).into_iter().filter(|(r, all)| !all.iter().any(|s| refuses(s, r.name)));
    open.map(|(resource, _)| format!("{} accepts requests without TLS", resource.name)).collect()
}

/// A queue has one policy document: if two policies name it, the last one written wins.
pub(super) fn each_queue_has_one_policy(template: &Template) -> Vec<String> {
    let policies: Vec<_> = template.of_type("AWS::SQS::QueuePolicy").collect();
    let names = |queue: &str| {
        let named = policies.iter().flat_map(|policy| each(policy.get("/Queues")));
        named.filter(|entry| points_at(entry) == Some(queue)).count()
    };
    let bad = template.queues().filter(|queue| names(queue.name) != 1);
    bad.map(|queue| format!("{} is named {} times", queue.name, names(queue.name))).collect()
}

pub(super) fn services_are_allowed_by_source(template: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for (resource, all) in guarded(template) {
        // `Fn::If` contains the statement for other accounts: condition, statement, no value.
        let flat = all.into_iter().map(|s| s.pointer("/Fn::If/1").unwrap_or(s));
        for statement in flat.filter(|s| s["Effect"] == "Allow") {
            let service = !statement["Principal"]["Service"].is_null();
            let source = &statement["Condition"]["ArnEquals"]["aws:SourceArn"];
            let named = statement["Principal"]["AWS"] == json!({"Ref": "SubscriberAccounts"});
            if !(service && points_at(source).is_some() || named) {
                wrong.push(format!("{} allows {}", resource.name, statement["Principal"]));
            }
        }
    }
    for permission in
        template.of_type("AWS::Lambda::Permission").filter(|p| p.get("/SourceArn").is_null())
    {
        wrong.push(format!("{} allows every API", permission.name));
    }
    for function in template.functions().filter(|f| !f.get("/FunctionUrlConfig").is_null()) {
        wrong.push(format!("{} has a URL of its own", function.name));
    }
    wrong
}
