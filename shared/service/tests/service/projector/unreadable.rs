//! Messages that a view cannot apply: malformed, of newer code, forged, or not for the view.

use super::*;

#[tokio::test]
async fn a_body_that_is_not_an_event_is_parked_and_the_other_messages_are_applied_l4() {
    let (shop, _, events) = delivered_order().await;
    let good = body(&events[0]);
    let huge = format!("{{\"eventId\":\"{}\"}}", "x".repeat(256 * 1024));
    let poison = [
        "",
        "not json",
        "{}",
        "null",
        "[]",
        "3",
        &huge,
        r#"{"Type":"Notification","Message":"secret"}"#,
        r#"{"detail":{"secret":1}}"#,
        &good.replace("\"version\":1", "\"version\":0"),
        &good.replace("\"version\":1", "\"version\":-1"),
        &good.replace("\"aggregateType\":\"Order\"", "\"aggregateType\":\"Or#der\""),
        &good.replace("\"occurredAt\":\"2026", "\"occurredAt\":\"secret"),
        &good[..good.len() - 1],
    ];
    for view in VIEWS_OF_ORDERS {
        let inbox = Inbox::new(&shop, view, []);
        let mut messages: Vec<String> = poison.iter().map(|body| (*body).to_owned()).collect();
        messages.insert(3, good.clone());
        let report = inbox.take(&messages).await;
        assert_eq!(
            (report.tally.applied, report.tally.parked),
            (1, poison.len()),
            "{view}: {:?}",
            report.reasons
        );
        let mut parked: Vec<String> = Vec::new();
        for (body, reason) in inbox.parked.dump() {
            assert!((5..300).contains(&reason.len()) && !reason.contains("secret"), "{reason}");
            parked.push(body);
        }
        messages.remove(3);
        messages.sort();
        parked.sort();
        assert_eq!(parked, messages, "{view}: bodies are parked unchanged");
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_parked_is_retried_s15() {
    let (shop, _, events) = delivered_order().await;
    for view in VIEWS_OF_ORDERS {
        let mut inbox = Inbox::new(&shop, view, []);
        inbox.parking = Arc::new(Down);
        let report = inbox.take(&["poison".to_owned(), body(&events[0])]).await;
        assert_eq!((report.failed, report.tally.applied), (vec!["m0".to_owned()], 1), "{view}");
    }
}

#[tokio::test]
async fn an_event_of_newer_code_waits_and_the_views_converge_after_the_deployment_s12() {
    let (shop, id, events) = delivered_order().await;
    // Newer code wrote OrderConfirmed; this is the old code.
    let mut items = shop.store.dump();
    let confirmed = items.iter_mut().find(|item| item.ev.contains("OrderConfirmed")).unwrap();
    let good = confirmed.clone();
    let version = events[1].schema_version;
    confirmed.ev = confirmed.ev.replace(&format!("\"s\":{version}"), "\"s\":9");
    shop.store.put_raw(confirmed.clone());
    let newer = format!("\"schemaVersion\":{version}");
    let newer = body(&events[1]).replace(&newer, "\"schemaVersion\":9");
    let messages = [body(&events[0]), newer, body(&events[2]), body(&events[3]), body(&events[4])];
    let mut waiting = Vec::new();
    for view in VIEWS_OF_ORDERS {
        let inbox = Inbox::new(&shop, view, []);
        let report = inbox.take(&messages).await;
        assert_eq!(inbox.parked.dump(), [], "{view}: a deployment passes in minutes");
        if view == ORDER_SUMMARY {
            // The order's later events wait for it; the payment does not.
            assert_eq!((report.tally.applied, report.tally.retried), (2, 3));
            assert!(report.reasons[0].1.contains("schema version 9"), "{:?}", report.reasons);
            assert_eq!(shown(&shop, &id).await["watermarks"], json!({ "Order": 1, "Payment": 1 }));
            waiting = report.failed;
        } else {
            // It changes no row of these views, so they skip it without decoding it.
            assert_eq!((report.tally.applied, report.tally.skipped), (1, 4), "{view}");
        }
    }
    assert_eq!(waiting, ["m1", "m2", "m3"]);
    // The new code, which reads version 9 as this code reads version 1, is deployed, and the queue delivers again,
    // twice.
    shop.store.put_raw(good);
    let mut again = bodies(&events);
    again.reverse();
    for view in VIEWS_OF_ORDERS {
        let inbox = Inbox::new(&shop, view, []);
        for _ in 0..2 {
            inbox.take(&again).await;
        }
    }
    let after = rows(&shop);
    let never_failed = Shop::new();
    for item in shop.store.dump() {
        never_failed.store.put_raw(item);
    }
    assert_eq!(after, expected(&never_failed).await);
}

#[tokio::test]
async fn a_forged_message_is_parked_with_its_reason_and_writes_no_row_s8() {
    let (shop, _, events) = delivered_order().await;
    let unknown = body(&events[0]).replace(&events[0].aggregate_id, crate::support::UNKNOWN);
    let ahead = body(&events[0]).replace("\"version\":1", "\"version\":5");
    shop.follow().await;
    let before = shop.views.dump();
    for view in VIEWS_OF_ORDERS {
        for forged in [&unknown, &ahead] {
            let inbox = Inbox::new(&shop, view, []);
            let report = inbox.take(std::slice::from_ref(forged)).await;
            assert_eq!(report.tally.parked, 1, "{view}: {:?}", report.reasons);
            let (parked, why) = inbox.parked.dump().remove(0);
            assert_eq!((&parked, why.contains("the store does not have version")), (forged, true));
        }
    }
    assert_eq!(shop.views.dump(), before);
}

#[tokio::test]
async fn events_that_a_view_does_not_fold_are_skipped() {
    let (shop, _, events) = delivered_order().await;
    for (view, skipped) in [(ORDER_SUMMARY, 0), ("customer-summary", 4), ("daily-sales", 4)] {
        let inbox = Inbox::new(&shop, view, []);
        assert_eq!(inbox.take(&bodies(&events)).await.tally.skipped, skipped, "{view}");
    }
    let foreign =
        body(&events[0]).replace("\"aggregateType\":\"Order\"", "\"aggregateType\":\"Invoice\"");
    for view in VIEWS_OF_ORDERS {
        let inbox = Inbox::new(&shop, view, []);
        assert_eq!(inbox.take(std::slice::from_ref(&foreign)).await.tally.skipped, 1, "{view}");
    }
}
