//! Problems: their form, their headers, and those that no handler answers.

use axum::{Router, extract::State, http::Request};
use dekigoto_http::{App, Kind, Language, Problem, RequestId, Routes};

use crate::support::{get, post, router, send};

fn failing() -> Router {
    let routes = Routes::default()
        .get("/unavailable", || async {
            Err::<(), _>(Problem::new(Kind::UNAVAILABLE, "Try again.").with_cause("a secret"))
        })
        .get("/panic", panics)
        .post("/slow", |State(app): State<App>| async move {
            app.host().sleep(app.request_time_max()).await;
        });
    router(routes)
}

async fn panics() {
    panic!("a secret");
}

#[tokio::test]
async fn a_problem_has_the_members_of_rfc_9457_and_the_request_id() {
    let request = get("/unavailable").extension(RequestId("r-1".to_owned()));
    let answer = send(&failing(), request, "").await;
    let expected = serde_json::json!({
        "type": "urn:dekigoto:problem:unavailable",
        "title": "Service unavailable",
        "status": 503,
        "detail": "Try again.",
        "code": "unavailable",
        "instance": "r-1",
    });
    assert_eq!((answer.status, answer.body), (503, expected), "and nothing of the cause");
}

#[tokio::test]
async fn a_request_without_an_id_gets_one() {
    let answer = send(&failing(), get("/unavailable"), "").await;
    assert_eq!(answer.body["instance"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn only_retryable_problems_have_retry_after() {
    let answer = send(&failing(), get("/unavailable"), "").await;
    assert_eq!(answer.header("retry-after"), Some("1"));
    let answer = send(&failing(), get("/panic"), "").await;
    assert_eq!(answer.header("retry-after"), None);
}

#[tokio::test]
async fn an_unknown_path_gets_404_and_an_unknown_method_405_with_allow() {
    let answer = send(&failing(), get("/nowhere"), "").await;
    assert_eq!(answer.problem(), (404, "not-found"));
    let answer = send(&failing(), Request::builder().method("BREW").uri("/slow"), "").await;
    assert_eq!(answer.problem(), (405, "method-not-allowed"));
    assert_eq!(answer.header("allow"), Some("POST"));
    assert!(!answer.body.to_string().contains("BREW"), "the method is client input");
}

#[tokio::test]
async fn a_panic_gets_500_without_its_message_s17() {
    let answer = send(&failing(), get("/panic"), "").await;
    assert_eq!(answer.problem(), (500, "internal"));
    assert!(!answer.body.to_string().contains("secret"));
}

#[tokio::test]
async fn a_missed_deadline_gets_503_with_the_key_of_the_command_s16() {
    let answer = send(&failing(), post("/slow").header("idempotency-key", "k-1"), "").await;
    assert_eq!(answer.problem(), (503, "unavailable"));
    assert_eq!(answer.header("idempotency-key"), Some("k-1"));
}

fn is_japanese(text: &str) -> bool {
    text.chars().any(|char| matches!(char, '\u{3041}'..='\u{30ff}')) && !text.contains("  ")
}

/// The texts of a problem in a language.
async fn texts(kind: Kind, language: Language) -> (String, String, String) {
    let response = Problem::new(kind, "English.").answer("r-1", language);
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("code"), text("title"), text("detail"))
}

#[tokio::test]
async fn every_kind_of_problem_has_its_texts_in_japanese_under_the_same_code() {
    for kind in Kind::ALL {
        let (code, title, detail) = texts(*kind, Language::Japanese).await;
        assert!(is_japanese(&title) && is_japanese(&detail), "{code}: {title} {detail}");
        let (english, title, detail) = texts(*kind, Language::English).await;
        assert_eq!((code.as_str(), detail.as_str()), (english.as_str(), "English."));
        assert!(title.is_ascii(), "{title}");
    }
}

#[tokio::test]
async fn a_problem_is_in_the_language_that_the_client_prefers_and_caches_know_it() {
    for (asked, title, language) in [
        (None, "Service unavailable", "en"),
        (Some("ja, en;q=0.9"), "一時的に利用できません", "ja"),
        (Some("ja;q=0.8, en"), "Service unavailable", "en"),
        (Some("ja;q=0"), "Service unavailable", "en"),
    ] {
        let request = get("/unavailable");
        let request = match asked {
            Some(asked) => request.header("accept-language", asked),
            None => request,
        };
        let answer = send(&failing(), request, "").await;
        assert_eq!(answer.body["title"], title, "{asked:?}");
        assert_eq!(answer.header("content-language"), Some(language));
        assert_eq!(answer.header("vary"), Some("accept-language"));
        assert_eq!(answer.problem(), (503, "unavailable"));
    }
}

#[tokio::test]
async fn a_panic_and_an_unknown_path_are_in_japanese_too() {
    for (path, code) in [("/panic", "internal"), ("/nowhere", "not-found")] {
        let answer = send(&failing(), get(path).header("accept-language", "ja"), "").await;
        assert_eq!(answer.body["code"], code);
        assert!(is_japanese(answer.body["detail"].as_str().unwrap()), "{}", answer.body);
    }
}
