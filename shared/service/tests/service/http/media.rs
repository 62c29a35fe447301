//! The size, content type and encoding of bodies: rows 12, 13 and 15 of tests/BAD_INPUTS.md.

use crate::support::{Ask, Shop, on_account, order};

#[tokio::test]
async fn a_body_over_the_limit_is_too_large_s16() {
    const MAX: usize = dekigoto_http::limits::BODY_BYTES_MAX;
    let shop = Shop::new();
    let padded = |bytes: usize| {
        let mut body = order().to_string().into_bytes();
        body.resize(bytes, b' ');
        Ask::raw("/v1/orders", body)
    };
    assert_eq!(shop.ask(padded(MAX)).await.status, 201);
    for bytes in [MAX + 1, 6 << 20, 10 << 20] {
        shop.refuses(padded(bytes), 413, "payload-too-large").await;
    }
}

#[tokio::test]
async fn only_uncompressed_json_in_utf8_is_accepted() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let typed = |content_type: &str| {
        Ask::post("/v1/orders", &order())
            .without("content-type")
            .header("content-type", content_type)
    };
    for other in [
        "text/plain",
        "text/json",
        "application/json-patch+json",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/json;charset=\"latin1\"",
        "application/json; charset = utf-16",
        "application/json; CHARSET=\" utf-16\"",
        "application/json, text/plain",
        "application/jsonx",
        "",
    ] {
        shop.refuses(typed(other), 415, "unsupported-media-type").await;
    }
    shop.refuses(
        Ask::post("/v1/orders", &order()).without("content-type"),
        415,
        "unsupported-media-type",
    )
    .await;
    for encoding in ["gzip", "br", "deflate", "identity, gzip"] {
        let ask = Ask::post("/v1/orders", &order()).header("content-encoding", encoding);
        shop.refuses(ask, 415, "unsupported-media-type").await;
    }
    for (name, value) in [("content-type", "text/plain"), ("content-encoding", "br")] {
        let twice = Ask::post("/v1/orders", &order()).header("content-encoding", "identity");
        shop.refuses(twice.header(name, value), 415, "unsupported-media-type").await;
    }
    let no_text = Ask::post("/v1/orders", &order()).bytes("content-encoding", b"gz\xff");
    shop.refuses(no_text, 415, "unsupported-media-type").await;
    let confirm =
        Ask::post(&format!("/v1/orders/{id}/confirm"), &on_account()).without("content-type");
    shop.refuses(confirm, 415, "unsupported-media-type").await;
    for good in [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json; profile=x",
        " application/json ; charset = UTF-8 ",
    ] {
        assert_eq!(shop.ask(typed(good)).await.status, 201, "{good}");
    }
    assert_eq!(
        shop.ask(typed("application/json").header("content-encoding", "identity")).await.status,
        201
    );
}
