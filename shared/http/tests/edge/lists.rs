//! Parameters and cursors of lists.

use std::ops::RangeInclusive;

use axum::{Json, Router, extract::State};
use dekigoto_http::{App, Params, Place, Problem, Routes};
use serde_json::{Value, json};

use crate::support::{get, router, send};

struct Number(u8);

impl Place for Number {
    const BYTES: RangeInclusive<usize> = 1..=1;

    fn to_bytes(&self) -> Vec<u8> {
        vec![self.0]
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.first().copied().map(Self)
    }
}

/// A list whose cursors are bound to `of`.
async fn list(State(app): State<App>, mut params: Params) -> Result<Json<Value>, Problem> {
    let (of, limit) = (params.required::<String>("of"), params.limit());
    let (min, cursor) = (params.version("min"), params.text("cursor"));
    let of = params.finish_with(of)?;
    let place = match cursor {
        Some(cursor) => app.place::<Number>(&[&of], &cursor).await?.0,
        None => 0,
    };
    let next = app.cursor(&[&of], &Number(place + 1)).await?;
    Ok(Json(json!({ "place": place, "limit": limit, "min": min, "next": next })))
}

fn lists() -> Router {
    router(Routes::default().get("/list", list))
}

#[tokio::test]
async fn parameters_are_read_by_name() {
    let answer = send(&lists(), get("/list?limit=100&of=a&min=3"), "").await;
    assert_eq!((&answer.body["limit"], &answer.body["min"]), (&json!(100), &json!(3)));
}

#[tokio::test]
async fn every_faulty_parameter_is_listed_in_one_answer() {
    let answer = send(&lists(), get("/list?limit=101&min=0&cursor=a&cursor=b&x=1"), "").await;
    assert_eq!(answer.problem(), (400, "malformed-request"));
    assert_eq!(answer.parameters(), ["of", "limit", "min", "cursor", "x"]);
}

#[tokio::test]
async fn a_cursor_continues_its_own_list() {
    let lists = lists();
    let first = send(&lists, get("/list?of=a"), "").await;
    let next = first.body["next"].as_str().unwrap();
    let second = send(&lists, get(&format!("/list?of=a&cursor={next}")), "").await;
    assert_eq!(second.body["place"], 1);
}

#[tokio::test]
async fn a_cursor_that_is_altered_or_of_another_list_is_refused_s14() {
    let lists = lists();
    let first = send(&lists, get("/list?of=a"), "").await;
    let next = first.body["next"].as_str().unwrap();
    let altered = format!("B{}", &next[1..]);
    for (of, cursor) in [("b", next), ("a", &*altered), ("a", &next[1..]), ("a", "")] {
        let answer = send(&lists, get(&format!("/list?of={of}&cursor={cursor}")), "").await;
        assert_eq!(answer.problem(), (400, "malformed-request"), "{of} {cursor}");
        assert_eq!(answer.parameters(), ["cursor"]);
    }
}
