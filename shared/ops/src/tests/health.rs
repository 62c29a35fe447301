use std::time::Duration;

use crate::{
    cloud::AlarmState,
    commands::{cost, doctor, status},
    fake::Bank,
};

const DAY: Duration = Duration::from_secs(86_400);

/// What goes wrong in a deployment.
type Harm = fn(&mut Bank);

#[tokio::test]
async fn status_is_calm_when_events_flow() {
    let report = status(&Bank::new().desk).await.unwrap();
    assert!(!report.needs_attention() && report.text(false).contains("events flow"));
    assert_eq!(report.json()["hops"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn status_shows_dead_letters_stopped_mappings_problems_and_alarms() {
    let cases: [(&str, Harm); 5] = [
        ("balances     0        0          -       1", |bank| {
            bank.cloud.bury("balances-dlq", "x", &[])
        }),
        ("subscription: 1 dead letter", |bank| bank.cloud.bury("subscription-dlq", "x", &[])),
        ("Disabled: nothing is delivered", |bank| {
            bank.cloud.state().mappings.get_mut("bank-publisher:live").unwrap()[0].state =
                "Disabled".to_owned();
        }),
        ("PROBLEM: Function call failed", |bank| {
            let mut state = bank.cloud.state();
            let problem = "PROBLEM: Function call failed".to_owned();
            state.mappings.get_mut("bank-balances:live").unwrap()[0].last_result = problem;
        }),
        ("alarm bank-x: the bus is deaf", |bank| {
            let text = |text: &str| text.to_owned();
            let (name, state, description) =
                (text("bank-x"), text("ALARM"), text("the bus is deaf"));
            bank.cloud.state().alarms.push(AlarmState { name, state, description });
        }),
    ];
    for (line, harm) in cases {
        let mut bank = Bank::new();
        harm(&mut bank);
        let report = status(&bank.desk).await.unwrap();
        assert!(report.needs_attention(), "{line}");
        assert!(report.text(false).contains(line), "{line} is not in\n{}", report.text(false));
    }
}

#[tokio::test]
async fn the_doctor_finds_nothing_in_a_good_deployment() {
    let report = doctor(&Bank::new().desk).await.unwrap();
    assert!(!report.needs_attention(), "{}", report.text(false));
}

#[tokio::test]
async fn the_doctor_names_each_fault_with_its_remedy() {
    let cases: [(&str, &str, Harm); 10] = [
        ("the stack is UPDATE_ROLLBACK_COMPLETE", "deploy again", |bank| {
            bank.desk.stack.status = "UPDATE_ROLLBACK_COMPLETE".to_owned();
        }),
        ("alarms notify nobody", "AlarmTopicArn", |bank| {
            bank.desk.stack.parameters.insert("AlarmTopicArn".to_owned(), String::new());
        }),
        ("anybody may call the API", "iam or jwt", |bank| {
            bank.desk.stack.parameters.insert("AuthMode".to_owned(), "none".to_owned());
        }),
        ("the tables can be deleted", "DeletionProtection", |bank| {
            bank.desk.stack.parameters.insert("DeletionProtection".to_owned(), "false".to_owned());
        }),
        ("the view balances is in the code and not in the stack", "template", |bank| {
            bank.desk.layout.consumers.retain(|it| it.name != "balances");
        }),
        ("cannot be restored", "point-in-time", |bank| {
            bank.cloud.state().table.can_be_restored = false
        }),
        ("has no stream, so nothing is published", "republish", |bank| {
            bank.cloud.state().table.stream = None
        }),
        ("dead letters of subscription are lost after 4 days", "14 days", |bank| {
            bank.cloud.state().retention = Duration::from_secs(4 * 86_400);
        }),
        ("a mapping of balances is Disabled", "dekigoto resume balances", |bank| {
            bank.cloud.state().mappings.get_mut("bank-balances:live").unwrap()[0].state =
                "Disabled".to_owned();
        }),
        ("nothing feeds publisher", "deploy the template", |bank| {
            bank.cloud.state().mappings.remove("bank-publisher:live");
        }),
    ];
    for (finding, remedy, harm) in cases {
        let mut bank = Bank::new();
        harm(&mut bank);
        let report = doctor(&bank.desk).await.unwrap();
        let findings = report.json()["findings"].as_array().unwrap().clone();
        let found = findings.iter().find(|it| it["finding"].as_str().unwrap().contains(finding));
        let found = found.unwrap_or_else(|| panic!("{finding} is not in {findings:?}"));
        assert!(found["remedy"].as_str().unwrap().contains(remedy), "{found}");
        assert!(report.needs_attention());
    }
}

#[tokio::test]
async fn the_cost_of_a_stack_is_divided_by_what_it_did() {
    let bank = Bank::new();
    let used = [("ConsumedWriteCapacityUnits", 155.0), ("Count", 20.0), ("AccountsOpened", 5.0)];
    bank.cloud.state().metrics = used.map(|(name, sum)| (name.to_owned(), sum)).into();
    let report = cost(&bank.desk, DAY, Some("AccountsOpened")).await.unwrap();
    // Two tables and two indexes.
    let line = report.text(false);
    assert!(line.contains("write units       620    0.000387  124.00"), "{line}");
    assert!(line.contains("5 AccountsOpened; 81.50 dollars for a million"), "{line}");
    let json = report.json();
    assert_eq!(json["per"]["count"], 5.0);
    let millionth = json["per"]["dollars"].as_f64().map(|dollars| (dollars * 1e8).round());
    assert_eq!(millionth, Some(8150.0));
    assert_eq!(json["dollarsPerThousandRequests"].as_f64().map(f64::round), Some(0.0));
}

#[tokio::test]
async fn a_cost_is_not_divided_by_what_nobody_counted() {
    let failure = cost(&Bank::new().desk, DAY, Some("OrdersPlcaed")).await.unwrap_err();
    let text = failure.to_string();
    assert!(text.contains("counted no OrdersPlcaed") && text.contains("check its name"), "{text}");
}
