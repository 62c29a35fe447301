//! Rules of the stacks on PostgreSQL and Kafka. A rule about what only one stack has holds for the other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    functions::pascal,
    model::{Resource, Template, each, points_at},
    permissions::{role_statements, texts},
};

const USERS: &str = include_str!("../../../../infra/stacks/users.sql");
const RUNBOOK: &str = include_str!("../../../../infra/stacks/runbook.md");
const SESSION: &str = include_str!("../../../../shared/postgres/src/session.rs");
const DRAIN: &str = include_str!("../../../../shared/lambda/src/drain.rs");

/// Each binary with the environment variables that it reads.
const BINARIES: [(&str, &[&str]); 3] = [
    (
        "postgres-api",
        &["AUTH_MODE", "DATABASE_HOST", "DATABASE_NAME", "DATABASE_USER", "SERVICE", "TIME_ZONE"],
    ),
    (
        "relay",
        &[
            "DATABASE_HOST",
            "DATABASE_NAME",
            "DATABASE_USER",
            "EVENTS_TOPIC",
            "EVENT_SOURCE",
            "INTEGRATION_TOPIC",
            "KAFKA_BROKERS",
            "SERVICE",
        ],
    ),
    (
        "consumer",
        &[
            "CONFIRMATION",
            "CONSUMER",
            "DATABASE_HOST",
            "DATABASE_NAME",
            "DATABASE_USER",
            "PAYMENT_SECONDS",
            "SERVICE",
        ],
    ),
];

/// Lambda needs these on every resource, to put a function into a network.
fn is_network(action: &str) -> bool {
    action.starts_with("ec2:")
}

/// A star is allowed for the network only, and then the function's own code is denied the same.
pub(super) fn permissions_are_exact(stack: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for role in stack.of_type("AWS::IAM::Role") {
        let statements = role_statements(role);
        for statement in &statements {
            let actions = texts(&statement["Action"]);
            let has_star = |text: String| text.contains('*');
            if actions.is_empty() || actions.iter().any(|action| action.contains('*')) {
                wrong.push(format!("{}: {actions:?}", role.name));
            }
            if statement["Resource"].is_null()
                || (has_star(statement["Resource"].to_string())
                    && !actions.iter().all(|action| is_network(action)))
            {
                wrong.push(format!("{}: {actions:?} on {}", role.name, statement["Resource"]));
            }
        }
        let of = |effect: &str| {
            let all = statements.iter().filter(|it| it["Effect"] == effect);
            let actions = all.flat_map(|it| texts(&it["Action"]));
            actions.filter(|it| is_network(it)).collect::<BTreeSet<_>>()
        };
        if of("Allow") != of("Deny") {
            wrong.push(format!("{}: the function's own code may change the network", role.name));
        }
    }
    wrong
}

/// The user of a function is one of `users.sql`, and the only one that its role may be.
pub(super) fn each_function_logs_in_as_its_user_only(stack: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for function in stack.functions() {
        let user = function.get("/Environment/Variables/DATABASE_USER").as_str().unwrap_or("?");
        let role = stack.target(function.get("/Role"));
        let statements = role.map(role_statements).unwrap_or_default();
        let connects = statements.iter().filter(|it| it["Action"] == "rds-db:connect");
        let users: Vec<String> = connects
            .flat_map(|it| each(&it["Resource"]))
            .map(|it| it["Fn::Sub"][0].as_str().and_then(|it| it.rsplit('/').next()).unwrap_or("?"))
            .map(str::to_owned)
            .collect();
        if users != [user] || !USERS.contains(&format!("'{user}'")) {
            wrong.push(format!("{} is {user}, and its role may be {users:?}", function.name));
        }
    }
    wrong
}

pub(super) fn functions_are_in_the_network(stack: &Template) -> Vec<String> {
    let outside = stack.functions().filter(|it| {
        each(it.get("/VpcConfig/SubnetIds")).len() != 2
            || each(it.get("/VpcConfig/SecurityGroupIds")).len() != 1
    });
    outside.map(|it| format!("{} is outside of the network", it.name)).collect()
}

pub(super) fn functions_get_what_they_read(stack: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for function in stack.functions() {
        let binary = &function.block["Metadata"]["BuildProperties"]["Binary"];
        let reads =
            BINARIES.iter().find(|(name, _)| binary == name).map(|(_, names)| names.to_vec());
        let given = function.get("/Environment/Variables").as_object().into_iter().flatten();
        let mut given: Vec<&str> = given.map(|(name, _)| name.as_str()).collect();
        given.sort_unstable();
        if reads.as_ref() != Some(&given) {
            wrong.push(format!("{}: {binary} reads {reads:?}, gets {given:?}", function.name));
        }
    }
    wrong
}

/// Callers sign, and every security group says whom it lets in and out.
pub(super) fn nothing_is_open_to_the_world(stack: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for group in stack.of_type("AWS::EC2::SecurityGroup") {
        let text = group.block.to_string();
        if text.contains("0.0.0.0/0") || text.contains("::/0") {
            wrong.push(format!("{} is open", group.name));
        }
        if group.get("/SecurityGroupEgress").is_null() {
            wrong.push(format!("{} lets everything out", group.name));
        }
    }
    let routes = stack.of_type("AWS::ApiGatewayV2::Route");
    for route in routes.filter(|it| it.get("/AuthorizationType") != &json!("AWS_IAM")) {
        wrong.push(format!("{} lets anybody in", route.name));
    }
    wrong
}

fn must(wrong: &mut Vec<String>, it: Resource<'_>, pointer: &str, wanted: &Value) {
    let found = it.get(pointer);
    if found != wanted {
        wrong.push(format!("{}: {pointer} is {found}, not {wanted}", it.name));
    }
}

pub(super) fn the_database_is_protected(stack: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    for database in stack.of_type("AWS::RDS::DBCluster") {
        for on in
            ["/StorageEncrypted", "/EnableIAMDatabaseAuthentication", "/ManageMasterUserPassword"]
        {
            must(&mut wrong, database, on, &json!(true));
        }
        must(&mut wrong, database, "/DeletionProtection", &json!({"Ref": "DeletionProtection"}));
        must(&mut wrong, database, "/BackupRetentionPeriod", &json!(35));
        if database.block["DeletionPolicy"] != "RetainExceptOnCreate"
            || database.block["UpdateReplacePolicy"] != "Retain"
            || stack.document["Parameters"]["DeletionProtection"]["Default"] != "true"
        {
            wrong.push("the database is deleted with its stack".to_owned());
        }
    }
    for instance in stack.of_type("AWS::RDS::DBInstance") {
        must(&mut wrong, instance, "/PubliclyAccessible", &json!(false));
    }
    wrong
}

pub(super) fn the_proxy_takes_tokens_over_tls_and_limits_statements(
    stack: &Template,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for proxy in stack.of_type("AWS::RDS::DBProxy") {
        must(&mut wrong, proxy, "/RequireTLS", &json!(true));
        must(&mut wrong, proxy, "/DefaultAuthScheme", &json!("IAM_AUTH"));
    }
    for targets in stack.of_type("AWS::RDS::DBProxyTargetGroup") {
        let query = targets.get("/ConnectionPoolConfigurationInfo/InitQuery").as_str();
        let line = format!("RDS_PROXY_INIT_QUERY: &str = \"{}\"", query.unwrap_or("?"));
        if !SESSION.contains(&line) {
            wrong.push(format!("the session of the proxy begins with {query:?}"));
        }
    }
    wrong
}

fn has_alarm(stack: &Template, metric: &str, dimension: &Value) -> bool {
    stack.of_type("AWS::CloudWatch::Alarm").any(|alarm| {
        let dimensions = each(alarm.get("/Dimensions"));
        alarm.get("/MetricName") == metric && dimensions.iter().any(|it| &it["Value"] == dimension)
    })
}

pub(super) fn the_relay_runs_once_each_minute(stack: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    let works = DRAIN.split_once("DRAIN_TIME: Duration = Duration::from_secs(");
    let works =
        works.and_then(|(_, rest)| rest.split_once(')')?.0.parse().ok()).unwrap_or(i64::MAX);
    for relay in stack.functions().filter(|it| it.name == "RelayFunction") {
        must(&mut wrong, relay, "/ReservedConcurrentExecutions", &json!(1));
        let timeout = relay.get("/Timeout").as_i64();
        if timeout.is_none_or(|it| it < works + 10) {
            wrong.push(format!("the relay works for {works} s, and ends after {timeout:?}"));
        }
        let tries = stack.of_type("AWS::Lambda::EventInvokeConfig");
        let tries = tries.filter(|it| points_at(it.get("/FunctionName")) == Some(relay.name));
        if tries.filter(|it| it.get("/MaximumRetryAttempts") == &json!(0)).count() != 1 {
            wrong.push("a tick that failed is tried again beside the next".to_owned());
        }
        for (metric, of) in [
            ("Errors", json!({"Ref": relay.name})),
            ("Invocations", json!({"Ref": relay.name})),
            ("OutboxWaiting", json!({"Ref": "AWS::StackName"})),
        ] {
            if !has_alarm(stack, metric, &of) {
                wrong.push(format!("no alarm on {metric} of the relay"));
            }
        }
    }
    wrong
}

pub(super) fn every_view_and_policy_has_a_mapping(stack: &Template) -> Vec<String> {
    let mut wrong = Vec::new();
    if stack.of_type("AWS::MSK::ServerlessCluster").next().is_none() {
        return wrong;
    }
    let service = order_service::service();
    let views = service.views().iter().map(|it| (it.name().to_owned(), it.name()));
    let policies = service.policies().iter().map(|it| (format!("{}-policy", it.name()), it.name()));
    let consumers: Vec<(String, &str)> = views.chain(policies).collect();
    for (consumer, _) in &consumers {
        let function = format!("{}Function", pascal(consumer));
        let is_its = |it: &Resource<'_>| points_at(it.get("/FunctionName")) == Some(&*function);
        if !stack.mappings().any(|it| is_its(&it)) {
            wrong
                .push(format!("{consumer} is not in the loop Consumers, as make new-view adds it"));
        }
    }
    for function in stack.functions().filter(|it| it.name != "RelayFunction") {
        let mapped = |it: &Resource<'_>| points_at(it.get("/FunctionName")) == Some(function.name);
        if !stack.mappings().any(|it| mapped(&it)) {
            wrong.push(format!("{} has no mapping", function.name));
        }
    }
    for mapping in stack.mappings() {
        let named = stack.target(mapping.get("/FunctionName"));
        let setting = named.map(|it| it.get("/Environment/Variables/CONSUMER"));
        let known = consumers.iter().find(|(it, _)| setting.is_some_and(|found| found == &**it));
        let Some((consumer, name)) = known else {
            wrong.push(format!("{} is for {setting:?}, which is no view or policy", mapping.name));
            continue;
        };
        let function = format!("{}Function", pascal(consumer));
        if named.is_none_or(|it| it.name != function) {
            wrong.push(format!("{consumer} has no {function}"));
        }
        must(&mut wrong, mapping, "/StartingPosition", &json!("TRIM_HORIZON"));
        must(&mut wrong, mapping, "/BisectBatchOnFunctionError", &json!(true));
        let size = mapping.get("/BatchSize").as_u64().and_then(|it| usize::try_from(it).ok());
        if mapping.get("/ProvisionedPollerConfig").is_null()
            || mapping.get("/DestinationConfig/OnFailure/Destination").is_null()
            || size.is_none_or(|it| it > dekigoto::views::EVENTS_PER_WRITE_MAX)
        {
            wrong
                .push(format!("{consumer}: not provisioned, without a queue, or of large batches"));
        }
        if !has_alarm(stack, "OffsetLag", &json!({"Ref": function}))
            || !has_alarm(stack, "Parked", &json!(name))
        {
            wrong.push(format!("{consumer} has no alarm"));
        }
    }
    wrong
}

pub(super) fn alarms_have_a_section_in_the_runbook(stack: &Template) -> Vec<String> {
    let sections: BTreeSet<String> = RUNBOOK
        .split("\n## ")
        .skip(1)
        .filter_map(|it| it.lines().next())
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    let unnamed = stack.of_type("AWS::CloudWatch::Alarm").filter(|alarm| {
        let text = alarm.get("/AlarmDescription").as_str().unwrap_or_default();
        let anchor = text.split_once("see infra/stacks/runbook.md#").map(|(_, anchor)| anchor);
        !anchor.is_some_and(|it| sections.contains(it))
    });
    unnamed.map(|it| format!("{} names no section of the runbook", it.name)).collect()
}
