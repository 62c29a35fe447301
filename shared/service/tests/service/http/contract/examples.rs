//! The document's examples are real: they match their schemas, and the service accepts the examples of requests.

use serde_json::Value;

use super::{
    document::{Document, Operation},
    snapshots::cases::of_operations,
};
use crate::support::{Ask, Shop, on_account, parcel, payment};

#[test]
fn every_example_has_the_documented_shape() {
    let document = Document::get();
    let mut checked = 0;
    let mut faults = Vec::new();
    let mut check = |what: String, schema: &Value, value: &Value| {
        checked += 1;
        let found = document.faults(schema, value);
        faults.extend(found.into_iter().map(|fault| format!("{what}: {fault}")));
    };
    let contents = |holder: &Value| holder["content"].as_object().cloned().unwrap_or_default();
    for operation in document.operations() {
        let id = operation.id;
        let answers = operation.block["responses"].as_object().unwrap();
        let holders = answers.values().chain([&operation.block["requestBody"]]);
        for holder in holders.map(|holder| document.resolved(holder)) {
            for (kind, content) in contents(holder) {
                for (name, example) in content["examples"].as_object().into_iter().flatten() {
                    check(format!("{id} {kind} {name}"), &content["schema"], &example["value"]);
                }
            }
            for (name, header) in holder["headers"].as_object().into_iter().flatten() {
                let header = document.resolved(header);
                if let Some(example) = header.get("example") {
                    check(format!("{id} {name}"), &header["schema"], example);
                }
            }
        }
        for parameter in parameters(document, &operation) {
            if let Some(example) = parameter.get("example") {
                check(format!("{id} {}", parameter["name"]), &parameter["schema"], example);
            }
        }
    }
    assert!(faults.is_empty(), "\n  {}", faults.join("\n  "));
    assert!(checked > 100, "only {checked} examples");
}

fn parameters<'a>(document: &'a Document, operation: &Operation<'a>) -> Vec<&'a Value> {
    let shared = document.value["paths"][operation.path]["parameters"].as_array();
    let own = operation.block["parameters"].as_array();
    let both = shared.into_iter().chain(own).flatten();
    both.map(|parameter| document.resolved(parameter)).collect()
}

/// Every object in a value, at any depth.
fn objects(value: &Value) -> Vec<&Value> {
    let within = match value {
        Value::Object(fields) => fields.values().flat_map(objects).collect(),
        Value::Array(items) => items.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    };
    value.is_object().then_some(value).into_iter().chain(within).collect()
}

/// The documentation page fills its form with examples: two people who try it would share a key.
#[test]
fn the_document_has_no_example_of_an_idempotency_key() {
    let document = Document::get();
    let is_key = |it: &&Value| {
        let name = it["name"].as_str().unwrap_or_default();
        it["in"] == "header" && name.eq_ignore_ascii_case("idempotency-key")
    };
    let parameters = objects(&document.value).into_iter().filter(is_key);
    let mut checked = 0;
    for parameter in parameters {
        for holder in [parameter, document.resolved(&parameter["schema"])] {
            for field in ["example", "examples", "default"] {
                assert!(holder.get(field).is_none(), "{field} is in {holder:#}");
            }
        }
        checked += 1;
    }
    assert!(checked > 0, "the document has no parameter Idempotency-Key");
}

/// The commands that bring a pending order to a status that allows the operation.
fn steps(operation: &str) -> &'static [&'static str] {
    match operation {
        "confirmOrder" | "refundOrder" => &["payments"],
        "shipOrder" => &["confirm"],
        "deliverOrder" => &["confirm", "ship"],
        _ => &[],
    }
}

#[tokio::test]
async fn the_service_accepts_every_example_of_a_request() {
    let document = Document::get();
    let mut taken = 0;
    for operation in document.operations() {
        let body = document.resolved(&operation.block["requestBody"]);
        let examples = &body["content"]["application/json"]["examples"];
        for (name, example) in examples.as_object().into_iter().flatten() {
            let shop = Shop::new();
            let id = shop.placed("k").await;
            for step in steps(operation.id) {
                let body = match *step {
                    "payments" => payment("ch_1"),
                    "ship" => parcel(),
                    _ => on_account(),
                };
                shop.does(&id, step, &body).await;
            }
            let path = operation.path.replace("{orderId}", &id).replace("{productId}", "p-1");
            let ask = Ask::post(&path, &example["value"]).method(&operation.method);
            let answer = shop.ask(ask).await;
            assert!(answer.status < 300, "{} {name}: {}", operation.id, answer.text);
            let faults = document.faults_of(&operation, &answer);
            assert!(faults.is_empty(), "{} {name}: {faults:?}", operation.id);
            taken += 1;
        }
    }
    assert_eq!(taken, 12);
}

#[tokio::test]
async fn every_example_of_an_error_is_the_answer_of_a_case() {
    let document = Document::get();
    let given: Vec<Value> =
        of_operations().await.into_iter().map(|case| case.answer.body).collect();
    let mut compared = 0;
    for (name, answer) in document.value["components"]["responses"].as_object().unwrap() {
        let examples = &answer["content"]["application/problem+json"]["examples"];
        for (example, held) in examples.as_object().into_iter().flatten() {
            assert!(given.contains(&held["value"]), "no case gets {name} {example}: {held:#}");
            compared += 1;
        }
    }
    assert_eq!(compared, 22);
}

#[tokio::test]
async fn the_example_of_a_cursor_has_the_form_of_a_cursor() {
    let document = Document::get();
    let page = &document.value["paths"]["/v1/orders"]["get"]["responses"]["200"]["content"];
    let example = &page["application/json"]["examples"]["page"]["value"]["nextCursor"];
    let shop = Shop::new();
    for key in ["one", "two"] {
        shop.placed(key).await;
    }
    shop.follow().await;
    let first = shop.ask(Ask::get("/v1/orders?customerId=c-42&limit=1")).await;
    let length = |cursor: &Value| cursor.as_str().map(str::len);
    assert_eq!(length(example), length(&first.body["nextCursor"]));
}

#[test]
fn links_name_operations_that_have_their_parameters() {
    let document = Document::get();
    let operations = document.operations();
    let mut followed = 0;
    for operation in &operations {
        let answers = operation.block["responses"].as_object().unwrap().values();
        let links = answers.filter_map(|answer| answer["links"].as_object()).flatten();
        for (name, link) in links {
            let target = operations.iter().find(|it| link["operationId"] == it.id).unwrap();
            let known: Vec<String> = parameters(document, target)
                .iter()
                .map(|it| {
                    format!("{}.{}", it["in"].as_str().unwrap(), it["name"].as_str().unwrap())
                })
                .collect();
            for parameter in link["parameters"].as_object().unwrap().keys() {
                assert!(known.contains(parameter), "{name}: {} has no {parameter}", target.id);
                followed += 1;
            }
        }
    }
    assert!(followed > 10);
}
