//! Problems in Japanese, for clients that prefer it.

use axum::body::to_bytes;
use dekigoto_http::{Kind, Language, Problem};
use order_service::KINDS;
use serde_json::{Value, json};

use crate::support::{Ask, REQUEST_ID, Shop, order};

/// Checks that a problem says everything in Japanese. Every problem of every test of this service passes it.
pub(crate) async fn is_in_japanese(problem: &Problem, what: &str) {
    let answer = problem.answer(REQUEST_ID, Language::Japanese);
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let title = body["title"].as_str().unwrap();
    assert!(has_kana(title), "{what}: {title}");
    let faults = body["errors"].as_array().into_iter().flatten();
    for part in faults.chain([&body]) {
        let detail = part["detail"].as_str().unwrap();
        assert!(has_kana(detail) && detail.ends_with('。'), "{what}: {detail}");
    }
}

fn has_kana(text: &str) -> bool {
    text.chars().any(|char| ('\u{3041}'..='\u{30ff}').contains(&char))
}

#[tokio::test]
async fn every_problem_of_this_service_is_in_japanese_for_those_who_prefer_it() {
    for kind in Kind::ALL.iter().chain(&KINDS) {
        let japanese = kind.japanese();
        for text in [japanese.title, japanese.detail] {
            assert!(has_kana(text), "{}: {text}", kind.code());
        }
    }
}

#[tokio::test]
async fn a_refusal_is_in_japanese_with_its_own_detail_and_the_same_code() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let ship = json!({"carrier": "DHL", "trackingNumber": "1"});
    let ship = Ask::post(&format!("/v1/orders/{id}/ship"), &ship);
    let answer = shop.ask(ship.header("accept-language", "ja")).await;
    answer.is_problem("in Japanese", 409, "not-confirmed");
    assert_eq!(answer.body["title"], "現在の状態ではできません");
    assert_eq!(answer.body["detail"], "注文はまだ確定していません。先に確定してください。");
    let items = json!([{"productId": "p-1", "quantity": 0, "unitAmount": 1}]);
    let order = json!({"customerId": "c-42", "currency": "JPY", "items": items});
    let answer = shop.ask(Ask::post("/v1/orders", &order).header("accept-language", "ja")).await;
    answer.is_problem("in Japanese", 400, "malformed-request");
    assert_eq!(answer.body["detail"], "/items/0/quantity: 数量は 1 から 10000 までの整数です。");
    assert_eq!(
        answer.body["errors"],
        json!([{ "pointer": "/items/0/quantity", "detail": "数量は 1 から 10000 までの整数です。" }])
    );
}

#[tokio::test]
async fn the_faults_of_fields_and_parameters_are_in_japanese() {
    let shop = Shop::new();
    let mut body = order();
    body["customerId"] = json!("a b");
    body["items"][0]["quantity"] = json!("1");
    body["colour"] = json!("red");
    let answer = shop.ask(Ask::post("/v1/orders", &body).header("accept-language", "ja")).await;
    answer.is_problem("in Japanese", 400, "malformed-request");
    assert_eq!(answer.body["detail"], "3 か所に誤りがあります。errors を見てください。");
    let expected = json!([
        { "pointer": "/customerId", "detail": "顧客 ID は英数字と . _ : @ | - からなる 1〜64 文字で指定してください。" },
        { "pointer": "/items/0/quantity", "detail": "64 ビットに収まる整数にしてください。" },
        { "pointer": "/colour", "detail": "この項目はありません。" },
    ]);
    assert_eq!(answer.body["errors"], expected);
    let list = Ask::get("/v1/orders?customerId=c-42&limit=0").header("accept-language", "ja");
    let answer = shop.ask(list).await;
    answer.is_problem("in Japanese", 400, "malformed-request");
    assert_eq!(answer.body["detail"], "?limit: 1 から 100 までの整数にしてください。");
    let why = "1 から 100 までの整数にしてください。";
    assert_eq!(answer.body["errors"], json!([{ "parameter": "limit", "detail": why }]));
}
