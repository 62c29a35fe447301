use std::time::Duration;

use crate::{
    commands::{Switch, pause, resume, status},
    fake::Bank,
};

const HALF_HOUR: Duration = Duration::from_secs(1800);

fn balances() -> Switch {
    Switch("balances".to_owned())
}

#[tokio::test]
async fn a_dry_pause_changes_nothing() {
    let bank = Bank::new();
    let report = pause(&bank.desk, &balances(), HALF_HOUR).await.unwrap();
    assert!(report.text(false).contains("nothing was changed"));
    assert!(bank.cloud.state().changes.is_empty() && bank.journal().await.is_empty());
}

#[tokio::test]
async fn a_pause_is_recorded_and_status_complains_when_it_is_over() {
    let bank = Bank::agreed();
    pause(&bank.desk, &balances(), HALF_HOUR).await.unwrap();
    assert_eq!(bank.cloud.state().changes, ["mapping mapping-of-bank-balances false"]);
    let overdue = "a pause is over its time: balances";
    assert!(!status(&bank.desk).await.unwrap().text(false).contains(overdue));
    bank.host.advance(HALF_HOUR + Duration::from_secs(1));
    assert!(status(&bank.desk).await.unwrap().text(false).contains(overdue));
    resume(&bank.desk, &balances()).await.unwrap();
    let text = status(&bank.desk).await.unwrap().text(false);
    assert!(text.contains("events flow"), "{text}");
}

#[tokio::test]
async fn pauses_and_resumptions_may_be_repeated() {
    let bank = Bank::agreed();
    for _ in 0..2 {
        pause(&bank.desk, &balances(), HALF_HOUR).await.unwrap();
    }
    for _ in 0..2 {
        resume(&bank.desk, &balances()).await.unwrap();
    }
    assert_eq!(bank.journal().await.len(), 4);
    assert!(bank.cloud.state().mappings["bank-balances:live"][0].is_on());
}

#[tokio::test]
async fn a_pause_that_outlasts_the_queue_or_names_no_view_is_refused() {
    let bank = Bank::agreed();
    let hours = Duration::from_secs(7 * 3600);
    let text = pause(&bank.desk, &balances(), hours).await.unwrap_err().to_string();
    assert!(text.contains("pause for at most 6h"), "{text}");
    let unknown = Switch("orders".to_owned());
    let text = pause(&bank.desk, &unknown, HALF_HOUR).await.unwrap_err().to_string();
    assert!(text.contains("choose one of balances, money-moved"), "{text}");
    assert!(bank.cloud.state().changes.is_empty());
}
