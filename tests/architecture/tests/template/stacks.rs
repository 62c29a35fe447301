//! The stacks of `infra/stacks` hold the rules of the template that apply to them, and rules of their own. Each rule fails for
//! its mutants.

use super::{
    Rule, delivery, functions, loops,
    model::Template,
    mutants::apply,
    permissions, stack_rules as own,
    storage::{self, keys_are_in_order},
    watch,
};

const POSTGRES: &str = "infra/stacks/postgres.yaml";
const KAFKA: &str = "infra/stacks/kafka.yaml";
const STACKS: [&str; 2] = [POSTGRES, KAFKA];

/// Each rule, and mutants of a stack that it must notice.
type Guarded = (Rule, &'static [(&'static str, &'static str)]);

const RULES: &[Guarded] = &[
    (
        storage::queues_and_topics_are_encrypted,
        &[(KAFKA, "/Resources/OrderSummaryDlq/Properties/SqsManagedSseEnabled = false")],
    ),
    (
        delivery::dead_letter_queues_keep_14_days,
        &[(KAFKA, "/Resources/OrderSummaryDlq/Properties/MessageRetentionPeriod = 60")],
    ),
    (
        delivery::mappings_report_each_item,
        &[(KAFKA, "/Resources/OrderSummaryMapping/Properties/FunctionResponseTypes -")],
    ),
    (
        delivery::mappings_have_no_filter,
        &[(KAFKA, "/Resources/OrderSummaryMapping/Properties/FilterCriteria = {}")],
    ),
    (
        functions::functions_log_with_retention,
        &[(POSTGRES, "/Resources/ApiLogGroup/Properties/RetentionInDays -")],
    ),
    (
        functions::functions_run_on_the_chosen_processor,
        &[(KAFKA, "/Globals/Function/Architectures = [\"x86_64\"]")],
    ),
    (
        permissions::each_function_has_its_own_role,
        &[(
            KAFKA,
            "/Resources/RelayFunction/Properties/Role = {\"Fn::GetAtt\": \"OrderSummaryRole.Arn\"}",
        )],
    ),
    (
        permissions::policies_deny_requests_without_tls,
        &[(KAFKA, "/Resources/OrderSummaryDlqPolicy/Properties/PolicyDocument/Statement/0 -")],
    ),
    (permissions::each_queue_has_one_policy, &[(KAFKA, "/Resources/OrderSummaryDlqPolicy -")]),
    (
        permissions::services_are_allowed_by_source,
        &[(KAFKA, "/Resources/RelayPermission/Properties/SourceArn -")],
    ),
    (watch::dead_letter_queues_have_alarms, &[(KAFKA, "/Resources/OrderSummaryDlqAlarm -")]),
    (
        own::permissions_are_exact,
        &[
            (
                KAFKA,
                "/Resources/RelayRole/Properties/Policies/0/PolicyDocument/Statement/1/Action = \"kafka-cluster:*\"",
            ),
            (
                KAFKA,
                "/Resources/RelayRole/Properties/Policies/0/PolicyDocument/Statement/2/Resource = \"*\"",
            ),
            (POSTGRES, "/Resources/ApiRole/Properties/Policies/0/PolicyDocument/Statement/2 -"),
        ],
    ),
    (
        own::each_function_logs_in_as_its_user_only,
        &[
            (
                KAFKA,
                "/Resources/OrderSummaryFunction/Properties/Environment/Variables/DATABASE_USER = \"orders_api\"",
            ),
            (
                POSTGRES,
                "/Resources/ApiFunction/Properties/Environment/Variables/DATABASE_USER = \"postgres\"",
            ),
        ],
    ),
    (
        own::functions_are_in_the_network,
        &[(KAFKA, "/Resources/RelayFunction/Properties/VpcConfig -")],
    ),
    (
        own::functions_get_what_they_read,
        &[
            (KAFKA, "/Resources/RelayFunction/Properties/Environment/Variables/EVENTS_TOPIC -"),
            (KAFKA, "/Resources/RelayFunction/Metadata/BuildProperties/Binary = \"publisher\""),
        ],
    ),
    (
        own::nothing_is_open_to_the_world,
        &[
            (
                POSTGRES,
                "/Resources/ProxySecurityGroup/Properties/SecurityGroupIngress/0/CidrIp = \"0.0.0.0/0\"",
            ),
            (POSTGRES, "/Resources/FunctionSecurityGroup/Properties/SecurityGroupEgress -"),
            (POSTGRES, "/Resources/DefaultRoute/Properties/AuthorizationType = \"NONE\""),
        ],
    ),
    (
        own::the_database_is_protected,
        &[
            (POSTGRES, "/Resources/Database/Properties/StorageEncrypted = false"),
            (POSTGRES, "/Resources/Database/DeletionPolicy = \"Delete\""),
            (POSTGRES, "/Resources/Database/Properties/EnableIAMDatabaseAuthentication -"),
            (POSTGRES, "/Parameters/DeletionProtection/Default = \"false\""),
        ],
    ),
    (
        own::the_proxy_takes_tokens_over_tls_and_limits_statements,
        &[
            (POSTGRES, "/Resources/Proxy/Properties/RequireTLS = false"),
            (POSTGRES, "/Resources/Proxy/Properties/DefaultAuthScheme -"),
            (
                POSTGRES,
                "/Resources/ProxyTargets/Properties/ConnectionPoolConfigurationInfo/InitQuery -",
            ),
        ],
    ),
    (
        own::the_relay_runs_once_each_minute,
        &[
            (KAFKA, "/Resources/RelayFunction/Properties/ReservedConcurrentExecutions = 2"),
            (KAFKA, "/Resources/RelayFunction/Properties/Timeout = 50"),
            (KAFKA, "/Resources/RelayTries/Properties/MaximumRetryAttempts = 2"),
            (KAFKA, "/Resources/RelayErrorsAlarm -"),
            (KAFKA, "/Resources/RelaySilentAlarm -"),
            (KAFKA, "/Resources/OutboxAlarm -"),
        ],
    ),
    (
        own::every_view_and_policy_has_a_mapping,
        &[
            (KAFKA, "/Resources/DailySalesFunction -"),
            (KAFKA, "/Resources/DailySalesMapping -"),
            (KAFKA, "/Resources/DailySalesMapping/Properties/ProvisionedPollerConfig -"),
            (KAFKA, "/Resources/DailySalesMapping/Properties/StartingPosition = \"LATEST\""),
            (KAFKA, "/Resources/DailySalesMapping/Properties/DestinationConfig -"),
            (KAFKA, "/Resources/DailySalesMapping/Properties/BatchSize = 1000"),
            (KAFKA, "/Resources/DailySalesBehindAlarm -"),
            (KAFKA, "/Resources/DailySalesParkedAlarm -"),
        ],
    ),
    (
        own::alarms_have_a_section_in_the_runbook,
        &[(POSTGRES, "/Resources/Http5xxAlarm/Properties/AlarmDescription = \"odd\"")],
    ),
];

fn load(path: &str) -> Template {
    let written = Template::parsed(&Template::text_of(path));
    Template { document: loops::expand(&written) }
}

#[test]
fn the_stacks_hold_every_rule() {
    for path in STACKS {
        let stack = load(path);
        for (rule, _) in RULES {
            let wrong = rule(&stack);
            assert!(wrong.is_empty(), "{path}:\n  {}", wrong.join("\n  "));
        }
        let text = Template::text_of(path);
        let wrong = keys_are_in_order(&text, &Template::parsed(&text));
        assert!(wrong.is_empty(), "{path}:\n  {}", wrong.join("\n  "));
    }
}

#[test]
fn every_rule_of_the_stacks_fails_for_its_mutants() {
    for (rule, mutants) in RULES {
        assert!(!mutants.is_empty());
        for (path, damage) in *mutants {
            let mut stack = load(path);
            apply(&mut stack.document, damage);
            assert!(!rule(&stack).is_empty(), "{path}: nobody notices {damage}");
        }
    }
}
