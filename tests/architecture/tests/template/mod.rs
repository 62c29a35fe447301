//! The invariants of the template. Each rule returns the faults of a template, so that the mutants can check that it
//! fails without its property. Rules and mutants use the template with expanded loops.

mod delivery;
mod deployed;
mod deployment;
mod functions;
mod leading_keys;
mod loops;
mod model;
mod mutants;
mod permissions;
mod policies;
mod routes;
mod stack_rules;
mod stacks;
mod storage;
mod subscribers;
mod watch;

use model::Template;

/// Returns the faults; empty if the template satisfies the rule.
type Rule = fn(&Template) -> Vec<String>;

/// Every rule, by name.
const RULES: &[(&str, Rule)] = &[
    ("blocks have their keys in the same order", storage::blocks_have_their_keys_in_order),
    ("tables are protected", storage::tables_are_protected),
    ("the event table streams new images", storage::the_event_table_streams_new_images),
    ("indexes hold only keys", storage::indexes_hold_only_keys),
    ("queues and topics are encrypted", storage::queues_and_topics_are_encrypted),
    ("queues have a redrive policy", delivery::queues_have_a_redrive_policy),
    ("queues that feed functions outlast an outage", delivery::queues_outlast_an_outage),
    (
        "queues deliver as often as the code knows",
        delivery::queues_deliver_as_often_as_the_code_knows,
    ),
    ("dead-letter queues keep 14 days", delivery::dead_letter_queues_keep_14_days),
    (
        "subscriptions and targets have a dead-letter queue",
        delivery::subscriptions_and_targets_have_a_dlq,
    ),
    ("mappings report each item", delivery::mappings_report_each_item),
    ("the stream mapping is bounded", delivery::the_stream_mapping_is_bounded),
    ("mappings have no filter", delivery::mappings_have_no_filter),
    ("queue mappings limit concurrency", delivery::queue_mappings_limit_concurrency),
    ("the API cannot starve the consumers", delivery::the_api_cannot_starve_the_consumers),
    ("visibility is six times the timeout", delivery::visibility_is_six_times_the_timeout),
    ("large batches of queues have a window", delivery::large_batches_of_queues_have_a_window),
    ("the API answers before its function ends", functions::the_api_answers_in_time),
    ("functions run on the chosen processor", functions::functions_run_on_the_chosen_processor),
    ("functions are built from this workspace", functions::functions_are_built_from_this_workspace),
    ("every view has its projector", functions::every_view_has_its_projector),
    ("every view subscribes to what it needs", functions::every_view_subscribes_to_what_it_needs),
    ("every policy has its function", policies::every_policy_has_its_function),
    (
        "every policy subscribes to what it needs",
        policies::every_policy_subscribes_to_what_it_needs,
    ),
    ("the sweeper is invoked each day", policies::the_sweeper_is_invoked_each_day),
    ("every policy has its ticker", policies::every_policy_has_its_ticker),
    ("a full batch is one transaction", functions::a_full_batch_is_one_transaction),
    ("functions log to a group with retention", functions::functions_log_with_retention),
    ("functions get the environment they read", functions::functions_get_their_environment),
    ("everything calls the alias", deployment::everything_calls_the_alias),
    (
        "deployments are gradual and have brakes",
        deployment::deployments_are_gradual_and_have_brakes,
    ),
    ("readers deploy before writers", deployment::readers_deploy_before_writers),
    ("function names fit", deployment::function_names_fit),
    ("what an emulator lacks is listed", deployment::what_an_emulator_lacks_is_listed),
    ("each function has its own role", permissions::each_function_has_its_own_role),
    ("permissions name actions and resources", permissions::permissions_are_exact),
    ("no role can change history", permissions::no_role_can_change_history),
    ("the API writes no view", permissions::the_api_writes_no_view),
    ("roles touch only rows of their views", leading_keys::roles_touch_only_rows_of_their_views),
    ("policies deny requests without TLS", permissions::policies_deny_requests_without_tls),
    ("each queue has one policy", permissions::each_queue_has_one_policy),
    ("services are allowed by source", permissions::services_are_allowed_by_source),
    (
        "subscribers of other accounts manage only what is theirs",
        subscribers::others_manage_only_what_is_theirs,
    ),
    (
        "subscribers find the topic, the bus and its past",
        subscribers::they_find_the_topic_the_bus_and_its_past,
    ),
    ("the API is closed by default", routes::the_api_is_closed_by_default),
    ("browsers get the lists of the kit", routes::browsers_get_the_lists_of_the_kit),
    ("every route of the contract is in the template", routes::every_route_is_in_the_template),
    ("only public routes are open", routes::only_public_routes_are_open),
    ("the API is throttled and logged", routes::the_api_is_throttled_and_logged),
    ("dead-letter queues have alarms", watch::dead_letter_queues_have_alarms),
    ("lag and failures have alarms", watch::lag_and_failures_have_alarms),
    ("a missing bus has an alarm", watch::a_missing_bus_has_an_alarm),
    ("alarms have a section in the runbook", watch::alarms_have_a_section_in_the_runbook),
    ("the dashboard is whole", watch::the_dashboard_is_whole),
    ("the outputs are complete", watch::outputs_are_complete),
];

#[track_caller]
fn check(sentence: &str) {
    let (_, rule) = RULES.iter().find(|(name, _)| *name == sentence).expect("a rule of that name");
    let wrong = rule(&Template::load());
    assert!(wrong.is_empty(), "{sentence}:\n  {}", wrong.join("\n  "));
}

#[test]
fn the_template_holds_every_rule() {
    for (sentence, _) in RULES {
        check(sentence);
    }
}
