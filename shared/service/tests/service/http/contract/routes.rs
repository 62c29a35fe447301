//! The router and the document name the same routes and codes.

use std::collections::BTreeSet;

use dekigoto_http::{Kind, Routes};
use order_service::{CONTRACT, KINDS, service};

use super::document::Document;
use crate::support::{Ask, Shop};

#[tokio::test]
async fn the_service_serves_the_document() {
    let answer = Shop::new().ask(Ask::get("/v1/openapi.json").by_nobody()).await;
    assert_eq!((answer.status, &answer.body), (200, &Document::get().value));
}

#[test]
fn the_router_and_the_document_name_the_same_routes() {
    let document = Document::get();
    let documented: BTreeSet<String> = document
        .operations()
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    let routes = Routes::of(&service(), &CONTRACT);
    let routed: BTreeSet<String> =
        routes.list().iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert_eq!(documented, routed);
    assert_eq!(routed.len(), routes.list().len(), "a route is listed twice");
}

#[test]
fn every_operation_has_a_summary_a_description_and_examples() {
    let document = Document::get();
    let mut ids = BTreeSet::new();
    for operation in document.operations() {
        let id = operation.id;
        assert!(ids.insert(id), "{id} twice");
        for word in ["summary", "description"] {
            assert!(operation.block[word].as_str().is_some_and(|it| it.len() > 10), "{id}: {word}");
        }
        assert_eq!(operation.block["tags"].as_array().map(Vec::len), Some(1), "{id}: tags");
        let body = document.resolved(&operation.block["requestBody"]);
        for (kind, content) in body["content"].as_object().into_iter().flatten() {
            assert!(content["examples"].is_object(), "{id}: no example of {kind}");
        }
        for (status, answer) in operation.block["responses"].as_object().unwrap() {
            let answer = document.resolved(answer);
            assert!(answer["description"].is_string(), "{id}: {status}");
            for (kind, content) in answer["content"].as_object().unwrap() {
                assert!(content["examples"].is_object(), "{id}: no example of {status} {kind}");
            }
        }
    }
}

#[test]
fn the_document_lists_every_code_under_its_status() {
    let document = Document::get();
    let listed = &document.value["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
    let kinds: Vec<Kind> = Kind::ALL.iter().chain(&KINDS).copied().collect();
    let codes: BTreeSet<&str> = kinds.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), kinds.len(), "two kinds have the same code");
    let listed = listed.as_array().unwrap().iter().map(|code| code.as_str().unwrap());
    assert_eq!(listed.collect::<BTreeSet<&str>>(), codes);
    for operation in document.operations() {
        for status in operation.block["responses"].as_object().unwrap().keys() {
            let status: u16 = status.parse().unwrap();
            for code in document.codes(document.answer(&operation, status)) {
                let kind = kinds.iter().find(|kind| kind.code() == code).unwrap();
                assert_eq!(kind.status().as_u16(), status, "{}: {code}", operation.id);
            }
        }
    }
}
