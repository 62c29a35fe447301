//! Bodies: strict, bounded, and all faults in one answer.

use axum::Router;
use dekigoto::Text;
use dekigoto_http::{
    Body, Fields, Japanese, Json, Kind, OptionalJson, Routes,
    limits::{BODY_BYTES_MAX, ECHO_BYTES_MAX, FAULTS_MAX},
};

use crate::support::{Answer, post, router, send};

const TOO_FEW: Kind = Kind::new(
    422,
    "too-few",
    "Too few",
    Japanese { title: "少なすぎます", detail: "数を増やしてください。" },
);

const TOO_MANY_LINES: Text = Text::new("has more than 3 lines", "3 行までです。");
const NO_LINES: Text = Text::new("has no lines", "1 行以上にしてください。");

/// A list of lines, each with a name and a count.
#[derive(Default)]
struct Basket;

struct Line;

impl Body for Basket {
    const INVALID: Kind = TOO_FEW;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let note = fields.optional_text::<String>("note");
        let lines = fields.list::<Line>("lines", 3, TOO_MANY_LINES);
        let lines = lines.and_then(|lines| {
            let checked = if lines.is_empty() { Err(NO_LINES) } else { Ok(lines) };
            fields.check("lines", checked)
        });
        note.and(lines).map(|_| Self)
    }
}

impl Body for Line {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (name, count) = (fields.text::<String>("name"), fields.whole::<u8>("count"));
        name.and(count).map(|_| Self)
    }
}

fn baskets() -> Router {
    let routes = Routes::default()
        .post("/required", |_: Json<Basket>| async {})
        .post("/optional", |_: OptionalJson<Basket>| async {});
    router(routes)
}

async fn required(body: impl Into<axum::body::Body>) -> Answer {
    send(&baskets(), post("/required"), body).await
}

#[tokio::test]
async fn a_well_formed_body_is_accepted() {
    assert_eq!(required(r#"{"lines":[{"name":"a","count":1}]}"#).await.status, 200);
}

#[tokio::test]
async fn every_fault_of_a_body_is_listed_in_one_answer() {
    let lines = r#"{"name":7,"count":1.0},{"count":256,"na/me":0},[],{"name":"a","count":1}"#;
    let answer = required(format!(r#"{{"note":null,"lines":[{lines}],"more":1}}"#)).await;
    assert_eq!(answer.problem(), (400, "malformed-request"));
    assert_eq!(answer.pointers(), ["/note", "/lines", "/more"], "an overlong list is not read");

    let lines = r#"{"name":7,"count":1.0},{"count":256,"na/me":0},[]"#;
    let answer = required(format!(r#"{{"lines":[{lines}]}}"#)).await;
    let expected =
        ["/lines/0/name", "/lines/0/count", "/lines/1/name", "/lines/1/count", "/lines/1/na~1me"];
    assert_eq!(answer.pointers(), [&expected[..], &["/lines/2"]].concat());
}

#[tokio::test]
async fn a_field_given_twice_is_at_fault_wherever_it_is() {
    let answer = required(r#"{"lines":[{"name":"a","name":"a","count":1}],"note":"","note":""}"#);
    assert_eq!(answer.await.pointers(), ["/note", "/lines/0/name"]);
}

#[tokio::test]
async fn a_broken_business_limit_has_the_services_own_kind_unless_the_shape_is_wrong() {
    assert_eq!(required(r#"{"lines":[]}"#).await.problem(), (422, "too-few"));
    let answer = required(r#"{"lines":[],"note":1}"#).await;
    assert_eq!(answer.problem(), (400, "malformed-request"));
    assert_eq!(answer.pointers(), ["/note", "/lines"]);
}

#[tokio::test]
async fn text_that_is_not_one_json_object_is_malformed() {
    let deep = format!(r#"{{"lines":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for body in ["", "[]", "1", "{", "{}{}", "\u{feff}{}", &deep] {
        let answer = required(body.to_owned()).await;
        assert_eq!(answer.problem(), (400, "malformed-request"), "{body:.20}");
    }
    assert_eq!(required(b"{\"note\":\"\xff\"}".to_vec()).await.status, 400);
}

#[tokio::test]
async fn only_plain_json_is_accepted() {
    for (name, value, status) in [
        ("content-type", "application/json; charset=UTF-8", 422),
        ("content-type", "application/json; charset=latin1", 415),
        ("content-type", "text/plain", 415),
        ("content-encoding", "identity", 422),
        ("content-encoding", "gzip", 415),
    ] {
        let mut request = post("/required");
        request.headers_mut().unwrap().insert(name, value.parse().unwrap());
        let answer = send(&baskets(), request, r#"{"lines":[]}"#).await;
        assert_eq!(answer.status, status, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let body = r#"{"lines":[]}"#;
    let exact = body.to_owned() + &" ".repeat(BODY_BYTES_MAX - body.len());
    assert_eq!(required(exact.clone()).await.problem(), (422, "too-few"));
    assert_eq!(required(exact + " ").await.problem(), (413, "payload-too-large"));
}

#[tokio::test]
async fn an_optional_body_may_be_absent_but_not_malformed() {
    for (body, status) in [("", 200), ("{}", 400), ("null", 400)] {
        let answer = send(&baskets(), post("/optional"), body).await;
        assert_eq!(answer.status, status, "{body}");
    }
}

#[tokio::test]
async fn listed_faults_and_echoed_input_are_bounded() {
    let fields: Vec<String> = (0..100).map(|number| format!(r#""x{number}":0"#)).collect();
    let answer = required(format!("{{{}}}", fields.join(","))).await;
    assert_eq!(answer.pointers().len(), FAULTS_MAX);

    let fields =
        ["a", "b", "c", "d", "e", "f"].map(|name| format!(r#""{}":0"#, name.repeat(10_000)));
    let answer = required(format!("{{{}}}", fields.join(","))).await;
    let echoed: usize = answer.pointers().iter().map(|pointer| pointer.len()).sum();
    assert!(echoed < ECHO_BYTES_MAX + 10, "{echoed} bytes");
}
