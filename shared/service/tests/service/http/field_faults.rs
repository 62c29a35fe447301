//! One answer names all faults, each with its field.

use dekigoto_http::limits::{ECHO_BYTES_MAX, FAULTS_MAX};
use serde_json::{Value, json};

use crate::support::{Answer, Ask, Shop, order, payment};

async fn refused(path: &str, body: &str, status: u16, code: &str) -> Answer {
    let shop = Shop::new();
    let id = shop.placed("k").await;
    shop.refuses(Ask::raw(&path.replace("{id}", &id), body.to_owned()), status, code).await
}

async fn malformed(body: &Value) -> Answer {
    refused("/v1/orders", &body.to_string(), 400, "malformed-request").await
}

fn details(answer: &Answer) -> Vec<&str> {
    let faults = answer.body["errors"].as_array().unwrap();
    faults.iter().map(|fault| fault["detail"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn all_invalid_fields_are_named_in_one_answer() {
    let body = json!({
        "currency": 7,
        "items": [
            { "productId": "p 1", "quantity": 0, "unitAmount": -1 },
            { "productId": "p-2", "quantity": 1, "unitAmount": 1, "price": 1 },
            [],
            { "quantity": "1" },
        ],
        "isAdmin": true,
    });
    let answer = malformed(&body).await;
    assert_eq!(
        answer.pointers(),
        [
            "/customerId",
            "/currency",
            "/items/0/productId",
            "/items/0/quantity",
            "/items/0/unitAmount",
            "/items/1/price",
            "/items/2",
            "/items/3/productId",
            "/items/3/quantity",
            "/isAdmin",
        ]
    );
    assert_eq!(
        details(&answer),
        [
            "is missing",
            "must be a string",
            "a product id is 1 to 64 letters, digits and . _ : @ | - characters",
            "a quantity is an integer from 1 to 10000",
            "a unit amount is an integer from 0 to 1000000000000 in the currency's minor unit",
            "is not a known field",
            "must be a JSON object",
            "is missing",
            "must be a whole number of at most 64 bits",
            "is not a known field",
        ]
    );
    assert_eq!(answer.body["detail"], "10 fields are at fault; see errors.");
}

#[tokio::test]
async fn shape_and_limit_faults_are_reported_together_as_malformed() {
    let both = json!({ "customerId": "a b", "currency": "jpy", "items": [] });
    assert_eq!(malformed(&both).await.pointers(), ["/customerId", "/currency", "/items"]);
    let limits = json!({ "customerId": "c-42", "currency": "jpy", "items": [] }).to_string();
    let answer = refused("/v1/orders", &limits, 422, "invalid-order").await;
    assert_eq!(answer.pointers(), ["/currency", "/items"]);
    let payment = json!({
        "reference": "r", "amount": -1, "currency": "XXX", "outcome": "captured", "declineReason": "why",
    });
    let path = "/v1/orders/{id}/payments";
    let answer = refused(path, &payment.to_string(), 422, "invalid-payment").await;
    assert_eq!(answer.pointers(), ["/amount", "/currency", "/declineReason"]);
}

#[tokio::test]
async fn limits_that_the_domain_checks_are_named_too() {
    let path = "/v1/orders/{id}/payments";
    let mut nothing = payment("ch_1");
    nothing["amount"] = json!(0);
    let answer = refused(path, &nothing.to_string(), 422, "invalid-payment").await;
    assert_eq!(answer.pointers(), ["/amount"]);
    let mut dear = order();
    dear["items"][0]["quantity"] = json!(10_000);
    dear["items"][0]["unitAmount"] = json!(1_000_000_000_000_i64);
    let answer = refused("/v1/orders", &dear.to_string(), 422, "invalid-order").await;
    assert_eq!(answer.pointers(), ["/items"]);
}

#[tokio::test]
async fn a_field_given_twice_is_named_at_any_depth() {
    let twice = order()
        .to_string()
        .replace("\"quantity\":2", "\"quantity\":2,\"quantity\":2")
        .replace("\"currency\":\"JPY\"", "\"currency\":\"JPY\",\"currency\":\"EUR\"");
    let answer = refused("/v1/orders", &twice, 400, "malformed-request").await;
    assert_eq!(answer.pointers(), ["/currency", "/items/0/quantity"]);
    assert_eq!(details(&answer), ["is given twice"; 2]);
    // An escaped spelling is the same name.
    let escaped =
        order().to_string().replace("\"currency\"", "\"curr\\u0065ncy\":\"EUR\",\"currency\"");
    let answer = refused("/v1/orders", &escaped, 400, "malformed-request").await;
    assert_eq!(answer.pointers(), ["/currency"]);
}

#[tokio::test]
async fn null_is_not_the_same_as_absent() {
    let mut body = payment("ch_1");
    body["declineReason"] = Value::Null;
    let path = "/v1/orders/{id}/payments";
    let answer = refused(path, &body.to_string(), 400, "malformed-request").await;
    assert_eq!(answer.pointers(), ["/declineReason"]);
}

#[tokio::test]
async fn whole_numbers_consist_of_digits_only() {
    let sample = order().to_string();
    for number in ["-0", "0.0", "1.0", "1e0", "1E2", "9223372036854775808", "1e400", "true"] {
        let body = sample.replace("1500", number);
        let answer = refused("/v1/orders", &body, 400, "malformed-request").await;
        assert_eq!(answer.pointers(), ["/items/0/unitAmount"], "{number}");
        assert_eq!(details(&answer), ["must be a whole number of at most 64 bits"], "{number}");
    }
}

#[tokio::test]
async fn half_a_surrogate_pair_is_named_at_its_field() {
    for half in ["\\ud800", "\\udc00", "\\ud800x", "\\ud800\\ud800"] {
        let body = order().to_string().replace("c-42", half);
        let answer = refused("/v1/orders", &body, 400, "malformed-request").await;
        assert_eq!(answer.pointers(), ["/customerId"], "{half}");
        assert_eq!(details(&answer), ["is not valid Unicode"], "{half}");
    }
}

#[tokio::test]
async fn half_a_surrogate_pair_in_a_name_is_named_at_its_object() {
    let whole = order().to_string();
    for (body, pointer) in [
        (whole.replace("\"currency\"", "\"\\ud800\":1,\"currency\""), ""),
        (whole.replace("\"quantity\"", "\"\\ud800\":1,\"quantity\""), "/items/0"),
    ] {
        let answer = refused("/v1/orders", &body, 400, "malformed-request").await;
        assert_eq!(answer.pointers(), [pointer]);
        assert_eq!(details(&answer), ["has a name that is not Unicode"]);
    }
}

#[tokio::test]
async fn all_faults_are_counted_and_the_first_20_named_s16() {
    let bad = json!({ "productId": "", "quantity": 0, "unitAmount": -1 });
    let body = json!({ "customerId": "c", "currency": "JPY", "items": vec![bad; 100] });
    let shop = Shop::new();
    let answer = shop.ask(Ask::post("/v1/orders", &body)).await;
    assert_eq!((answer.status, answer.pointers().len()), (400, FAULTS_MAX));
    assert_eq!(answer.body["detail"], "300 fields are at fault; errors has the first 20.");
    assert!(answer.text.len() < 4_000, "{} bytes", answer.text.len());
    // A list over its limit is not read.
    let many = json!({ "customerId": "c", "currency": "JPY", "items": vec![0; 10_000] });
    let answer = shop.ask(Ask::post("/v1/orders", &many)).await;
    assert_eq!((answer.status, answer.pointers()), (422, vec!["/items"]));
}

#[tokio::test]
async fn unknown_names_are_repeated_up_to_a_limit_s17() {
    let long = |letter: char| letter.to_string().repeat(400);
    let fields: String =
        ('A'..='T').map(|letter| format!(",\"{}\":1", long(letter))).collect::<String>();
    let body = order().to_string().replacen('}', &format!("{fields}}}"), 1);
    let shop = Shop::new();
    let answer = shop.ask(Ask::raw("/v1/orders", body)).await;
    assert_eq!(answer.status, 400);
    let repeated: usize = answer
        .pointers()
        .iter()
        .flat_map(|pointer| pointer.rsplit('/').next())
        .filter(|name| name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '…'))
        .map(str::len)
        .sum();
    assert!(repeated > 0 && repeated <= ECHO_BYTES_MAX, "{repeated}: {}", answer.text);
    // Slashes and tildes in a name are escaped in the pointer.
    let mut body = order();
    body["a/b~c"] = json!(1);
    assert_eq!(malformed(&body).await.pointers(), ["/a~1b~0c"]);
}

#[tokio::test]
async fn the_empty_pointer_names_the_whole_body() {
    for body in ["null", "[]", "\"x\"", "3", "true"] {
        let answer = refused("/v1/orders", body, 400, "malformed-request").await;
        assert_eq!(answer.pointers(), [""], "{body}");
        assert_eq!(answer.body["detail"], "The body must be a JSON object.");
    }
    let answer = refused("/v1/orders", "{", 400, "malformed-request").await;
    let says = "The body is not JSON: EOF while parsing an object at line 1 column 1.";
    assert_eq!(answer.body["detail"], says);
}

#[tokio::test]
async fn a_missing_body_is_malformed_and_the_answer_names_the_missing_fields() {
    let answer = refused("/v1/orders", "", 400, "malformed-request").await;
    assert_eq!(answer.pointers(), ["/customerId", "/currency", "/items"]);
    let says = "The body is missing. Send a JSON object with the fields in errors.";
    assert_eq!(answer.body["detail"], says);
    let shop = Shop::new();
    let id = shop.placed("k").await;
    let bare = Ask::new("POST", &format!("/v1/orders/{id}/ship"));
    let answer = shop.refuses(bare, 400, "malformed-request").await;
    assert_eq!(answer.pointers(), ["/carrier", "/trackingNumber"], "also without a content type");
}
