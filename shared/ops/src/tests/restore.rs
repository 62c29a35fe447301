use crate::{
    commands::{Export, Restore, export, restore},
    fake::Bank,
};

fn wanted() -> Restore {
    Restore { at: "2026-11-25T11:00:00Z".parse().ok(), table: "events-restored".to_owned() }
}

fn bucket() -> Export {
    Export { bucket: "safe".to_owned(), prefix: "dekigoto".to_owned(), at: None }
}

#[tokio::test]
async fn a_restored_table_gets_its_stream_is_checked_and_the_plan_says_how_to_attach_it() {
    let bank = Bank::agreed();
    bank.deposit("a", &[100, 200]).await;
    let report = restore(&bank.desk, &wanted()).await.unwrap();
    let text = report.text(false);
    assert!(text.contains("read 2 commits of it: 2 are as in the live table"), "{text}");
    assert!(text.contains("import events-restored as EventTable"), "{text}");
    assert!(!report.needs_attention());
    let expected = [
        "restore events events-restored 2026-11-25T11:00:00.000Z",
        "recovery events-restored",
        "stream events-restored",
    ];
    assert_eq!(bank.cloud.state().changes, expected);
    assert_eq!(bank.journal().await[0].what, "restore events as events-restored");
}

#[tokio::test]
async fn a_restored_table_that_is_not_as_the_live_one_needs_attention() {
    let bank = Bank::agreed();
    bank.deposit("a", &[100, 200]).await;
    let other = Bank::new();
    other.deposit("a", &[100, 999]).await;
    bank.cloud.state().store = other.store.clone();
    let report = restore(&bank.desk, &wanted()).await.unwrap();
    let text = report.text(false);
    assert!(text.contains("read 2 commits of it: 1 are as in the live table"), "{text}");
    assert!(report.needs_attention() && text.contains("1 are not in the live table"), "{text}");
}

#[tokio::test]
async fn a_restoration_that_was_cut_off_goes_on_where_it_was() {
    let bank = Bank::agreed();
    bank.cloud.state().fails = vec![("stream events-restored".to_owned(), 0)];
    restore(&bank.desk, &wanted()).await.unwrap_err();
    bank.cloud.state().fails.clear();
    bank.cloud.state().changes.clear();
    restore(&bank.desk, &wanted()).await.unwrap();
    assert_eq!(bank.cloud.state().changes, ["recovery events-restored", "stream events-restored"]);
    bank.cloud.state().changes.clear();
    restore(&bank.desk, &wanted()).await.unwrap();
    assert_eq!(bank.cloud.state().changes, ["recovery events-restored"], "repeated");
}

#[tokio::test]
async fn dry_restorations_and_exports_change_nothing() {
    let bank = Bank::new();
    for (report, text) in [
        (restore(&bank.desk, &wanted()).await, "would be restored as events-restored"),
        (
            export(&bank.desk, &bucket()).await,
            "events as of now would be exported to s3://safe/dekigoto",
        ),
    ] {
        let report = report.unwrap().text(false);
        assert!(report.contains(text) && report.contains("nothing was changed"), "{report}");
    }
    assert!(bank.cloud.state().changes.is_empty() && bank.journal().await.is_empty());
}

#[tokio::test]
async fn an_export_is_begun_and_recorded() {
    let bank = Bank::agreed();
    let text = export(&bank.desk, &bucket()).await.unwrap().text(false);
    assert!(text.contains("describe-export --export-arn arn:export"), "{text}");
    assert_eq!(bank.cloud.state().changes, ["export arn:events safe dekigoto"]);
    assert_eq!(bank.journal().await[0].outcome, "arn:export");
    bank.cloud.state().changes.clear();
    export(&bank.desk, &Export { at: wanted().at, ..bucket() }).await.unwrap();
    let expected = "export arn:events safe dekigoto as of 2026-11-25T11:00:00.000Z";
    assert_eq!(bank.cloud.state().changes, [expected]);
}

#[tokio::test]
async fn what_cannot_be_restored_is_refused_before_anything_is_changed() {
    let bank = Bank::agreed();
    let live = Restore { table: "events".to_owned(), ..wanted() };
    let future = Restore { at: "2026-11-25T13:00:00Z".parse().ok(), ..wanted() };
    for (wanted, text) in
        [(live, "name another table with `--table`"), (future, "a moment of the last 35 days")]
    {
        let failure = restore(&bank.desk, &wanted).await.unwrap_err().to_string();
        assert!(failure.contains(text), "{failure}");
    }
    let future = Export { at: "2026-11-25T13:00:00Z".parse().ok(), ..bucket() };
    let failure = export(&bank.desk, &future).await.unwrap_err().to_string();
    assert!(failure.contains("a moment of the last 35 days"), "{failure}");
    bank.cloud.state().table.can_be_restored = false;
    let failure = restore(&bank.desk, &wanted()).await.unwrap_err().to_string();
    assert!(failure.contains("has no point-in-time recovery"), "{failure}");
    let failure = export(&bank.desk, &bucket()).await.unwrap_err().to_string();
    assert!(failure.contains("has no point-in-time recovery"), "{failure}");
    assert!(bank.cloud.state().changes.is_empty(), "half done");
}
