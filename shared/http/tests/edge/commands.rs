//! The headers of a command: caller, key and precondition.

use axum::{Json, Router, http::Request};
use dekigoto::{Expect, Version};
use dekigoto_http::{Call, Caller, Problem, Routes, StaffCall};
use serde_json::json;

use crate::support::{post, router, send};

/// Answers with what the edge made of the headers.
fn echo() -> Router {
    let routes = Routes::default()
        .post("/any", |call: Call<String>| async move {
            let expect = match call.expect {
                Expect::Anything => json!("anything"),
                Expect::Exists => json!("exists"),
                Expect::Absent => json!("absent"),
                Expect::Unmet => json!("unmet"),
                Expect::Version(version) => json!(version.get()),
            };
            let body = json!({ "key": call.key, "expect": expect });
            call.answer(Some(Version::FIRST), true, Json(body))
        })
        .post("/staff", |_: StaffCall<String>| async { Ok::<_, Problem>(()) });
    router(routes)
}

#[tokio::test]
async fn every_answer_to_a_command_has_its_key_even_a_generated_one() {
    let answer = send(&echo(), post("/any").header("idempotency-key", "k-1"), "").await;
    assert_eq!(
        (answer.header("idempotency-key"), &answer.body["key"]),
        (Some("k-1"), &json!("k-1"))
    );
    let answer = send(&echo(), post("/any"), "").await;
    assert_eq!(answer.header("idempotency-key"), answer.body["key"].as_str());
    let refused = send(&echo(), post("/any?x=1"), "").await;
    assert_eq!(refused.problem(), (400, "malformed-request"));
    assert!(refused.header("idempotency-key").is_some());
}

#[tokio::test]
async fn a_key_that_is_invalid_or_given_twice_is_malformed() {
    // API Gateway joins a header that is given twice.
    for keys in [&["a b"][..], &[""], &["k", "k"], &["k,k"], &["k, k"], &["k1,k2"]] {
        let request = keys.iter().fold(post("/any"), |it, key| it.header("idempotency-key", *key));
        let answer = send(&echo(), request, "").await;
        assert_eq!(answer.problem(), (400, "malformed-request"), "{keys:?}");
        assert_eq!(answer.header("idempotency-key"), None, "{keys:?}");
    }
}

#[tokio::test]
async fn if_match_is_one_strong_version_or_a_star() {
    let tags = [("\"3\"", json!(3)), ("*", json!("exists")), ("\"3.1\"", json!("unmet"))];
    for (tag, expected) in tags {
        let answer = send(&echo(), post("/any").header("if-match", tag), "").await;
        assert_eq!(answer.body["expect"], expected);
    }
    for tag in ["3", "W/\"3\"", "\"0\"", "\"+3\"", "\"3\", \"4\"", ""] {
        let answer = send(&echo(), post("/any").header("if-match", tag), "").await;
        assert_eq!(answer.problem(), (400, "malformed-request"), "{tag}");
    }
    assert_eq!(send(&echo(), post("/any"), "").await.body["expect"], "anything");
    let first = post("/any").header("if-none-match", "*");
    assert_eq!(send(&echo(), first, "").await.body["expect"], "absent");
    let both = post("/any").header("if-none-match", "*").header("if-match", "*");
    assert_eq!(send(&echo(), both, "").await.body["expect"], "unmet", "both cannot hold");
}

#[tokio::test]
async fn an_answer_has_the_version_as_etag_and_marks_a_replay() {
    let answer = send(&echo(), post("/any"), "").await;
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn a_request_without_a_caller_gets_401() {
    let answer = send(&echo(), Request::post("/any"), "").await;
    assert_eq!(answer.problem(), (401, "unauthenticated"));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn an_owner_gets_403_from_a_staff_route_before_anything_is_parsed() {
    let ann = Caller::<String>::bearer("ann", "", "staff").unwrap();
    let request = Request::post("/staff?x=1").header("if-match", "x").extension(ann);
    assert_eq!(send(&echo(), request, "").await.problem(), (403, "forbidden"));
    assert_eq!(send(&echo(), post("/staff"), "").await.status, 200);
}
