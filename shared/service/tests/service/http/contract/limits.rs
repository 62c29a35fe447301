//! The numbers in the document are the named constants of the code.

use dekigoto::limits::COMMAND_KEY_BYTES_MAX;
use dekigoto_http::limits::{BODY_BYTES_MAX, FAULTS_MAX, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use order_service::limits::{CURSOR_BYTES_MAX, PRICES_PER_CURRENCY_MAX, SALES_DAYS_MAX};
use orders::{
    Currency, Status,
    limits::{
        AMOUNT_MAX, CARRIER_CHARS_MAX, DECLINE_REASON_BYTES_MAX, ID_BYTES_MAX, ITEMS_MAX,
        PAYMENTS_PER_ORDER_MAX, PAYMENTS_WITH_DECLINED_MAX, QUANTITY_MAX, REASON_CHARS_MAX,
        REFERENCE_BYTES_MAX, REFUND_REFERENCE_BYTES_MAX, REFUNDS_PER_ORDER_MAX,
        REFUNDS_WITH_FAILED_MAX, TRACKING_NUMBER_BYTES_MAX, UNIT_AMOUNT_MAX,
    },
};
use serde_json::{Value, json};

use super::document::Document;

#[test]
fn the_schemas_have_the_limits_of_the_code() {
    let document = Document::get();
    let components = &document.value["components"];
    let table: [(&str, Value); 27] = [
        ("/schemas/Problem/properties/errors/maxItems", json!(FAULTS_MAX)),
        ("/parameters/IdempotencyKey/schema/maxLength", json!(COMMAND_KEY_BYTES_MAX)),
        ("/headers/IdempotencyKey/schema/maxLength", json!(COMMAND_KEY_BYTES_MAX)),
        ("/parameters/Limit/schema/maximum", json!(PAGE_ITEMS_MAX)),
        ("/parameters/Limit/schema/default", json!(PAGE_ITEMS_DEFAULT)),
        ("/schemas/OrderPage/properties/items/maxItems", json!(PAGE_ITEMS_MAX)),
        ("/schemas/OrderPage/properties/nextCursor/maxLength", json!(CURSOR_BYTES_MAX)),
        ("/schemas/EventPage/properties/items/maxItems", json!(PAGE_ITEMS_MAX)),
        ("/schemas/CustomerId/maxLength", json!(ID_BYTES_MAX)),
        ("/schemas/ProductId/maxLength", json!(ID_BYTES_MAX)),
        ("/schemas/Version/maximum", json!(u64::MAX)),
        ("/schemas/Amount/maximum", json!(AMOUNT_MAX)),
        ("/schemas/PlaceOrder/properties/items/maxItems", json!(ITEMS_MAX)),
        ("/schemas/Order/properties/itemCount/maximum", json!(ITEMS_MAX)),
        ("/schemas/Item/properties/quantity/maximum", json!(QUANTITY_MAX)),
        ("/schemas/Item/properties/unitAmount/maximum", json!(UNIT_AMOUNT_MAX)),
        ("/schemas/PayOrder/properties/amount/maximum", json!(AMOUNT_MAX)),
        ("/schemas/PayOrder/properties/reference/maxLength", json!(REFERENCE_BYTES_MAX)),
        ("/schemas/PayOrder/properties/declineReason/maxLength", json!(DECLINE_REASON_BYTES_MAX)),
        ("/schemas/ShipOrder/properties/carrier/maxLength", json!(CARRIER_CHARS_MAX)),
        (
            "/schemas/ShipOrder/properties/trackingNumber/maxLength",
            json!(TRACKING_NUMBER_BYTES_MAX),
        ),
        ("/schemas/CancelOrder/properties/reason/maxLength", json!(REASON_CHARS_MAX)),
        ("/schemas/RefundOrder/properties/amount/maximum", json!(AMOUNT_MAX)),
        ("/schemas/RefundOrder/properties/reference/maxLength", json!(REFERENCE_BYTES_MAX)),
        (
            "/schemas/RefundOrder/properties/refundReference/maxLength",
            json!(REFUND_REFERENCE_BYTES_MAX),
        ),
        ("/schemas/RefundOrder/properties/reason/maxLength", json!(REASON_CHARS_MAX)),
        ("/headers/IdempotencyKeyOfCommand/schema/maxLength", json!(COMMAND_KEY_BYTES_MAX)),
    ];
    for (place, limit) in table {
        assert_eq!(components.pointer(place), Some(&limit), "{place}");
    }
    let cursor = &document.value["paths"]["/v1/orders"]["get"]["parameters"][4];
    assert_eq!(
        (&cursor["name"], &cursor["schema"]["maxLength"]),
        (&json!("cursor"), &json!(CURSOR_BYTES_MAX))
    );
}

#[test]
fn the_descriptions_name_the_limits_of_the_code() {
    let document = Document::get();
    let says = |place: &str, words: String| {
        let text = document.value.pointer(place).and_then(Value::as_str).unwrap_or_default();
        let text = text.replace('\n', " ");
        assert!(text.contains(&words), "{place} does not say {words:?}: {text}");
    };
    says("/info/description", format!("at most {} KiB", BODY_BYTES_MAX / 1024));
    says("/info/description", format!("up to {FAULTS_MAX} of them"));
    says("/components/responses/Malformed/description", format!("up to {FAULTS_MAX};"));
    says(
        "/paths/~1v1~1prices~1{productId}/get/description",
        format!("newest {PRICES_PER_CURRENCY_MAX}"),
    );
    says("/paths/~1v1~1sales~1daily/get/description", format!("At most {SALES_DAYS_MAX} days"));
    let pay = "/paths/~1v1~1orders~1{orderId}~1payments/post/description";
    says(pay, format!("up to {PAYMENTS_PER_ORDER_MAX} payments"));
    says(pay, format!("from {PAYMENTS_WITH_DECLINED_MAX} on"));
    let list = "/components/schemas/PaymentList/properties/items/description";
    says(list, format!("takes up to {PAYMENTS_PER_ORDER_MAX};"));
    let refund = "/paths/~1v1~1orders~1{orderId}~1refunds/post/description";
    says(refund, format!("up to {REFUNDS_PER_ORDER_MAX} refunds"));
    says(refund, format!("from {REFUNDS_WITH_FAILED_MAX} on"));
}

#[test]
fn the_lists_in_the_document_are_those_of_the_code() {
    let document = Document::get();
    let schemas = &document.value["components"]["schemas"];
    assert_eq!(schemas["Status"]["enum"], json!(Status::ALL));
    let letters = b'A'..=b'Z';
    let codes = letters.clone().flat_map(|a| {
        let letters = letters.clone();
        letters
            .clone()
            .flat_map(move |b| letters.clone().map(move |c| String::from_utf8(vec![a, b, c])))
    });
    let currencies: Vec<String> =
        codes.map(Result::unwrap).filter(|code| code.parse::<Currency>().is_ok()).collect();
    assert_eq!(schemas["Currency"]["enum"], json!(currencies));
    assert_eq!(document.value["info"]["version"], env!("CARGO_PKG_VERSION"));
}
