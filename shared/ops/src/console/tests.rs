//! The console, as a browser and as a stranger use it.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    response::Response,
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::Console;
use crate::fake::Bank;

fn router(bank: &Bank) -> (Router, String) {
    let console = Console::at(bank.desk.clone());
    let token = console.token.text().to_owned();
    (console.router(), token)
}

fn request(token: &str, words: &[&str]) -> axum::http::request::Builder {
    assert!(!words.is_empty());
    Request::post("/console/run")
        .header(header::HOST, "127.0.0.1:3000")
        .header(header::CONTENT_TYPE, "application/json")
        .header("dekigoto-console", token)
}

fn body(words: &[&str]) -> Body {
    Body::from(json!({ "words": words }).to_string())
}

async fn lines(response: Response) -> Vec<Value> {
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn run(bank: &Bank, words: &[&str]) -> Vec<Value> {
    let (router, token) = router(bank);
    lines(router.oneshot(request(&token, words).body(body(words)).unwrap()).await.unwrap()).await
}

#[tokio::test]
async fn a_command_answers_with_its_lines_and_its_result() {
    let bank = Bank::new();
    let lines = run(&bank, &["status"]).await;
    let done = &lines.last().unwrap()["done"];
    assert!(done["json"]["hops"].is_array(), "{done}");
    assert!(done["text"].as_str().unwrap().contains("publisher"), "{done}");
}

#[tokio::test]
async fn a_failure_is_one_sentence_and_wrong_words_are_refused() {
    let bank = Bank::new();
    for (words, text) in [
        (&["show", "Account#nobody"][..], "does not exist"),
        (&["statsu"], "unrecognized subcommand"),
        (&["status", "--stack", "other"], "another place"),
        (&["status", "--endpoint=http://evil.example"], "another place"),
        (&["completions", "bash"], "for a shell"),
    ] {
        let lines = run(&bank, words).await;
        let failed = lines[0]["failed"]["text"].as_str().unwrap();
        assert!(failed.contains(text), "{words:?}: {failed}");
        assert_eq!(lines.len(), 1);
    }
}

#[tokio::test]
async fn a_change_stays_dry_until_the_words_agree() {
    let bank = Bank::new();
    run(&bank, &["pause", "balances"]).await;
    assert_eq!(bank.cloud.state().changes, Vec::<String>::new());
    run(&bank, &["pause", "balances", "--yes", "--why", "a test"]).await;
    assert_ne!(bank.cloud.state().changes, Vec::<String>::new());
    assert_eq!(bank.journal().await[0].why, "a test");
}

#[tokio::test]
async fn payloads_are_masked_unless_the_words_ask_for_them_s17() {
    let bank = Bank::new();
    bank.deposit("a", &[100]).await;
    let stream = "Account#a";
    let masked = run(&bank, &["show", stream]).await;
    let shown = run(&bank, &["show", stream, "--payloads"]).await;
    assert!(masked.last().unwrap().to_string().contains("<number>"), "{masked:?}");
    assert!(!shown.last().unwrap().to_string().contains("<number>"), "{shown:?}");
}

#[tokio::test]
async fn a_page_of_another_site_can_do_nothing() {
    let bank = Bank::new();
    let (router, token) = router(&bank);
    let words = &["pause", "balances", "--yes", "--why", "x"];
    let right = || request(&token, words);
    let wrong = [
        // A page that guessed the address.
        right().header(header::ORIGIN, "https://evil.example"),
        // A page behind a name of its own that points to this machine.
        Request::post("/console/run")
            .header(header::HOST, "evil.example:3000")
            .header(header::CONTENT_TYPE, "application/json")
            .header("dekigoto-console", &token),
        // A page that could not read the token.
        request("0", words),
        Request::post("/console/run")
            .header(header::HOST, "localhost:3000")
            .header(header::CONTENT_TYPE, "application/json"),
    ];
    for (place, request) in wrong.into_iter().enumerate() {
        let answer = router.clone().oneshot(request.body(body(words)).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{place}");
    }
    for (host, origin) in [("evil.example", None), ("localhost", Some("https://evil.example"))] {
        let mut page = Request::get("/console").header(header::HOST, host);
        if let Some(origin) = origin {
            page = page.header(header::ORIGIN, origin);
        }
        let answer = router.clone().oneshot(page.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{host} {origin:?}");
    }
    assert_eq!(bank.cloud.state().changes, Vec::<String>::new());
    let own = right().header(header::ORIGIN, "http://127.0.0.1:3000").body(body(words)).unwrap();
    assert_eq!(router.oneshot(own).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn the_page_takes_nothing_from_elsewhere() {
    let bank = Bank::new();
    let (router, token) = router(&bank);
    let page = Request::get("/console").header(header::HOST, "localhost:3000");
    let answer = router.oneshot(page.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{policy}");
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(text.contains(&token));
    for strange in ["http://", "https://", "@import", "{nonce}", "{token}", "innerHTML"] {
        assert!(!text.contains(strange), "{strange}");
    }
}
