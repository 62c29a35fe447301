//! Router and document name the same routes, and the same codes.

use std::collections::BTreeSet;

use order_service::http::{Kind, routes};

use super::document::Document;
use crate::support::{Ask, World};

#[tokio::test]
async fn what_is_served_is_the_document_that_every_test_reads() {
    let answer = World::new().ask(Ask::get("/v1/openapi.json").by_nobody()).await;
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
    let routed: BTreeSet<String> =
        routes().iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert_eq!(documented, routed);
    assert_eq!(routed.len(), routes().len(), "a route stands twice in the table");
}

#[test]
fn operations_have_names_words_and_examples() {
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

/// Where a kind stands in the list below. A new one does not compile until it stands there.
fn place(kind: Kind) -> usize {
    match kind {
        Kind::Malformed => 0,
        Kind::Unauthenticated => 1,
        Kind::Forbidden => 2,
        Kind::NotFound => 3,
        Kind::MethodNotAllowed => 4,
        Kind::IllegalTransition => 5,
        Kind::VersionConflict => 6,
        Kind::PreconditionFailed => 7,
        Kind::PayloadTooLarge => 8,
        Kind::UnsupportedMediaType => 9,
        Kind::InvalidOrder => 10,
        Kind::InvalidPayment => 11,
        Kind::KeyReused => 12,
        Kind::Throttled => 13,
        Kind::Internal => 14,
        Kind::Unavailable => 15,
    }
}

const KINDS: [Kind; 16] = [
    Kind::Malformed,
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::MethodNotAllowed,
    Kind::IllegalTransition,
    Kind::VersionConflict,
    Kind::PreconditionFailed,
    Kind::PayloadTooLarge,
    Kind::UnsupportedMediaType,
    Kind::InvalidOrder,
    Kind::InvalidPayment,
    Kind::KeyReused,
    Kind::Throttled,
    Kind::Internal,
    Kind::Unavailable,
];

#[test]
fn the_document_lists_every_code_and_gives_each_its_status() {
    let document = Document::get();
    let listed = &document.value["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
    let codes: Vec<_> = KINDS.iter().map(|kind| kind.parts().1).collect();
    assert_eq!(*listed, serde_json::json!(codes));
    assert!(KINDS.iter().enumerate().all(|(index, kind)| place(*kind) == index));
    for operation in document.operations() {
        for status in operation.block["responses"].as_object().unwrap().keys() {
            let status: u16 = status.parse().unwrap();
            for code in document.codes(document.answer(&operation, status)) {
                let kind = KINDS.iter().find(|kind| kind.parts().1 == code).unwrap();
                assert_eq!(kind.parts().0.as_u16(), status, "{}: {code}", operation.id);
            }
        }
    }
}
