//! The OpenAPI document as the service serves it, and checks of answers against it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock, Mutex},
};

use axum::http::Method;
use dekigoto_testkit::ClosedSchema;
use order_service::CONTRACT;
use serde_json::{Map, Value, json};

use crate::support::Answer;

/// The document that `GET /v1/openapi.json` returns; a test compares the two.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document {
    value: serde_json::from_str(CONTRACT.openapi).unwrap(),
    schemas: Mutex::default(),
});

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

pub(super) struct Document {
    pub(super) value: Value,
    /// Compiled schemas, by their text.
    schemas: Mutex<HashMap<String, Arc<ClosedSchema>>>,
}

/// Checks one answer against the document, if the document has the operation.
#[track_caller]
pub(crate) fn hold(method: &Method, path: &str, answer: &Answer) {
    let operations = DOCUMENT.operations();
    let asked = |it: &&Operation<'_>| it.method == method.as_str() && it.is_at(path);
    if let Some(operation) = operations.iter().find(asked) {
        let faults = DOCUMENT.faults_of(operation, answer);
        assert!(
            faults.is_empty(),
            "{} gives an answer that is not documented: {faults:?}",
            operation.id
        );
    }
}

impl Operation<'_> {
    fn is_at(&self, path: &str) -> bool {
        let (mine, theirs) = (self.path.split('/'), path.split('/'));
        mine.clone().count() == theirs.clone().count()
            && mine.zip(theirs).all(|(mine, theirs)| {
                mine == theirs || (mine.starts_with('{') && !theirs.is_empty())
            })
    }
}

/// An operation with its method and path.
pub(super) struct Operation<'a> {
    pub(super) method: String,
    pub(super) path: &'a str,
    pub(super) id: &'a str,
    pub(super) block: &'a Value,
}

impl Document {
    pub(super) fn get() -> &'static Self {
        &DOCUMENT
    }

    pub(super) fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.value["paths"].as_object().unwrap();
        let blocks = paths.iter().flat_map(|(path, item)| {
            METHODS.iter().filter_map(move |method| Some((path, *method, item.get(*method)?)))
        });
        blocks
            .map(|(path, method, block)| Operation {
                method: method.to_uppercase(),
                path,
                id: block["operationId"].as_str().unwrap(),
                block,
            })
            .collect()
    }

    /// Resolves a `$ref`; returns anything else unchanged.
    pub(super) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(place) => {
                self.resolved(self.value.pointer(place.trim_start_matches('#')).unwrap())
            }
            None => value,
        }
    }

    /// The documented answer of an operation with that status.
    pub(super) fn answer<'a>(&'a self, operation: &'a Operation<'_>, status: u16) -> &'a Value {
        self.resolved(&operation.block["responses"][status.to_string()])
    }

    /// The problem codes of a documented answer; empty if it is not a problem.
    pub(super) fn codes(&self, answer: &Value) -> Vec<String> {
        let schema = &answer["content"]["application/problem+json"]["schema"];
        let code = &schema["allOf"][1]["properties"]["code"];
        let one = code["const"].as_str().into_iter();
        let many = code["enum"].as_array().into_iter().flatten().map(|code| code.as_str().unwrap());
        one.chain(many).map(str::to_owned).collect()
    }

    /// How a value breaks a schema of the document.
    pub(super) fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut schemas = self.schemas.lock().unwrap();
        let read = schemas.entry(schema.to_string()).or_insert_with(|| {
            Arc::new(ClosedSchema::new(&json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": { "schemas": self.value["components"]["schemas"] },
                "allOf": [schema],
            })))
        });
        let read = Arc::clone(read);
        drop(schemas);
        read.faults(value)
    }

    /// How an answer's status, type, body and headers differ from the documented operation.
    pub(super) fn faults_of(&self, operation: &Operation<'_>, answer: &Answer) -> Vec<String> {
        let documented = self.answer(operation, answer.status);
        let kind = answer.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        let Some(content) = documented["content"].get(kind) else {
            return vec![format!("{} {kind:?} is not documented", answer.status)];
        };
        let mut faults = self.faults(&content["schema"], &answer.body);
        let headers = documented["headers"].as_object().cloned().unwrap_or_default();
        faults.extend(self.faults_of_headers(&headers, answer));
        faults
    }

    fn faults_of_headers(&self, documented: &Map<String, Value>, answer: &Answer) -> Vec<String> {
        let mut faults = Vec::new();
        let names: BTreeSet<_> = documented.keys().map(|name| name.to_lowercase()).collect();
        for name in answer.headers.keys().map(axum::http::HeaderName::as_str) {
            let is_plain = [
                "content-language",
                "content-length",
                "content-type",
                "vary",
                "x-content-type-options",
            ];
            if !is_plain.contains(&name) && !names.contains(name) {
                faults.push(format!("the header {name} is not documented"));
            }
        }
        for (name, header) in documented {
            let header = self.resolved(header);
            match answer.header(&name.to_lowercase()) {
                Some(value) => faults.extend(self.faults(&header["schema"], &value.into())),
                None if header["required"] == true => faults.push(format!("{name} is missing")),
                None => {}
            }
        }
        faults
    }
}
