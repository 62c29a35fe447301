//! Paths, methods and query parameters that must be refused: rows 18, 19, 23 and 24 of tests/BAD_INPUTS.md.

use crate::support::{Ask, Shop, UNKNOWN};

const BAD_IDS: [&str; 14] = [
    "1",
    "x",
    "..",
    "%2e%2e",
    "..%2fx",
    "%00",
    "a%23b",
    "ORDER%231%232",
    "%20",
    "%F0%9F%99%82",
    "%ff",
    "0198C1F2-7A3B-5C4D-8E5F-60718293A4B5",
    "0198c1f27a3b5c4d8e5f60718293a4b5",
    "urn:uuid:0198c1f2-7a3b-5c4d-8e5f-60718293a4b5",
];

#[tokio::test]
async fn an_invalid_order_id_never_reaches_a_store_key() {
    let shop = Shop::new();
    shop.placed("k").await;
    for id in BAD_IDS.into_iter().chain([&*"a".repeat(1024)]) {
        for (method, rest) in
            [("GET", ""), ("GET", "/events"), ("POST", "/confirm"), ("POST", "/payments")]
        {
            let path = format!("/v1/orders/{id}{rest}");
            let ask = Ask::new(method, &path);
            shop.refuses(ask, 400, "malformed-request").await;
        }
    }
}

#[tokio::test]
async fn an_invalid_customer_id_never_reaches_a_store_key() {
    let shop = Shop::new();
    for id in
        ["..%2fx", "%00", "a%23b", "%20", "%F0%9F%99%82", "%ff", &"a".repeat(65), &"a".repeat(1024)]
    {
        shop.refuses(Ask::get(&format!("/v1/customers/{id}/summary")), 400, "malformed-request")
            .await;
    }
}

#[tokio::test]
async fn an_empty_id_never_reaches_a_store_key() {
    let shop = Shop::new();
    for path in ["/v1/orders//events", "/v1/customers//summary"] {
        shop.refuses(Ask::get(path), 400, "malformed-request").await;
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let shop = Shop::new();
    for path in [
        "/v1",
        "/v2/orders",
        "/v1/orders/",
        "/v1//orders",
        "//v1/orders",
        "/V1/orders",
        "/v1/orders/a/b/c",
        "/v1/sales",
        "/favicon.ico",
    ] {
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            shop.refuses(Ask::new(method, path), 404, "not-found").await;
        }
    }
}

#[tokio::test]
async fn an_unknown_method_gets_405_with_the_allowed_ones() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let paths = [
        ("/v1/health".to_owned(), "GET,HEAD"),
        ("/v1/orders".to_owned(), "GET,HEAD,POST"),
        (format!("/v1/orders/{id}"), "GET,HEAD"),
        (format!("/v1/orders/{id}/confirm"), "POST"),
        (format!("/v1/orders/{id}/payments"), "GET,HEAD,POST"),
        (format!("/v1/orders/{id}/refunds"), "POST"),
        (format!("/v1/orders/{id}/events"), "GET,HEAD"),
        ("/v1/customers/c-42/summary".to_owned(), "GET,HEAD"),
        ("/v1/sales/daily".to_owned(), "GET,HEAD"),
    ];
    for (path, allowed) in &paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            if allowed.split(',').any(|it| it == method) {
                continue;
            }
            let answer = shop.refuses(Ask::new(method, path), 405, "method-not-allowed").await;
            let mut told: Vec<&str> =
                answer.header("allow").unwrap().split(',').map(str::trim).collect();
            told.sort_unstable();
            assert_eq!(told.join(","), *allowed, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let path = format!("/v1/orders/{id}");
    let head = shop.ask(Ask::new("HEAD", &path)).await;
    assert_eq!((head.status, head.header("etag"), &*head.text), (200, Some("\"1.0\""), ""));
    let unknown = shop.ask(Ask::new("HEAD", &format!("/v1/orders/{UNKNOWN}"))).await;
    assert_eq!((unknown.status, &*unknown.text), (404, ""));
}

#[tokio::test]
async fn a_parameter_that_is_unknown_repeated_or_out_of_range_is_malformed() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.follow().await;
    let many = (0..200).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    let mut paths =
        vec![format!("/v1/orders?customerId=c-42&{many}"), format!("/v1/health?{many}")];
    for limit in
        ["0", "-1", "101", "999999", "abc", "1.5", "+1", "", "18446744073709551616", "1&limit=1"]
    {
        paths.push(format!("/v1/orders?customerId=c-42&limit={limit}"));
        paths.push(format!("/v1/orders/{id}/events?limit={limit}"));
    }
    for version in ["0", "-1", "x", "", "+1", "18446744073709551616", "1&minVersion=1&atVersion=1"]
    {
        paths.push(format!("/v1/orders/{id}?minVersion={version}"));
        paths.push(format!("/v1/orders/{id}?atVersion={version}"));
        paths.push(format!("/v1/orders/{id}/events?fromVersion={version}"));
    }
    for path in [
        "/v1/orders",
        "/v1/orders?status=pending",
        "/v1/orders?placedOn=2026-11-23",
        "/v1/orders?customerId=c-42&placedOn=2026-11-23",
        "/v1/orders?status=Pending&placedOn=2026-11-23",
        "/v1/orders?status=pending&placedOn=2026-11-3",
        "/v1/orders?customerId=a%23b",
        "/v1/orders?customerId=%ff",
        "/v1/orders?customerId=",
        "/v1/orders?customerid=c-42",
        "/v1/customers/c-42/summary?x=1",
        "/v1/health?x=1",
    ] {
        paths.push(path.to_owned());
    }
    for days in [
        "",
        "from=2026-11-23",
        "to=2026-11-23",
        "from=2026-11-23&to=2026-11-22",
        "from=2026-01-01&to=2026-04-03",
        "from=2026-02-29&to=2026-03-01",
        "from=2026-11-23T00:00:00Z&to=2026-11-23",
        "from=0000-00-00&to=9999-99-99",
        "from=-9999-01-01&to=9999-12-31",
        "from=2026-11-23&to=2026-11-23&to=2026-11-23",
    ] {
        paths.push(format!("/v1/sales/daily?{days}"));
    }
    for path in paths {
        shop.refuses(Ask::get(&path), 400, "malformed-request").await;
    }
}

#[tokio::test]
async fn all_invalid_parameters_are_named_in_one_answer() {
    let shop = Shop::new();
    let path = "/v1/orders?limit=0&status=lost&placedOn=today&color=red&customerId=a%23b&limit=1";
    let answer = shop.refuses(Ask::get(path), 400, "malformed-request").await;
    assert_eq!(answer.parameters(), ["customerId", "status", "placedOn", "limit", "color"]);
    let says =
        "is not a known parameter; the known ones are customerId, status, placedOn, limit, cursor";
    assert_eq!(answer.body["errors"][4]["detail"], says);
    assert_eq!(answer.body["errors"][3]["detail"], "is given twice");
    let sales = shop.refuses(Ask::get("/v1/sales/daily"), 400, "malformed-request").await;
    assert_eq!(sales.parameters(), ["from", "to"]);
    let version = format!("/v1/orders/{UNKNOWN}?minVersion=0&atVersion=x");
    let versions = shop.refuses(Ask::get(&version), 400, "malformed-request").await;
    assert_eq!(versions.parameters(), ["minVersion", "atVersion"]);
}

#[tokio::test]
async fn commands_take_no_query_parameters() {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    for path in [
        "/v1/orders?dryRun=true".to_owned(),
        format!("/v1/orders/{id}/confirm?dryRun=true"),
        format!("/v1/orders/{id}/cancel?reason=x"),
    ] {
        let ask = Ask::post(&path, &crate::support::order());
        let answer = shop.refuses(ask, 400, "malformed-request").await;
        let says = "is not a known parameter; this operation has none";
        assert_eq!(answer.body["errors"][0]["detail"], says);
    }
}
