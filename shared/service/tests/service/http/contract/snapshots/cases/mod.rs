//! The cases of the snapshots: one for each answer.

mod commands;
mod faults;
mod fields;
mod headers;
mod queries;
mod states;

use std::{borrow::Cow, fmt::Write as _};

pub(super) use queries::of_no_operation;
use serde_json::json;

use crate::support::{Answer, Ask, Shop};

/// The cases of the documented operations.
pub(in super::super) async fn of_operations() -> Vec<Case> {
    let mut cases = commands::of_commands().await;
    cases.extend(queries::of_queries().await);
    cases.extend(states::of_orders().await);
    cases.extend(states::of_payments().await);
    cases.extend(states::of_refunds().await);
    cases.extend(fields::of_bodies().await);
    cases.extend(fields::of_parameters().await);
    cases.extend(headers::of_headers().await);
    cases.extend(faults::of_faults().await);
    cases
}

/// An answer, with its operation and a name.
pub(in super::super) struct Case {
    pub(in super::super) operation: &'static str,
    name: Cow<'static, str>,
    pub(in super::super) answer: Answer,
}

impl Case {
    async fn of(
        shop: &Shop,
        operation: &'static str,
        name: impl Into<Cow<'static, str>>,
        ask: Ask,
    ) -> Self {
        Self { operation, name: name.into(), answer: shop.ask(ask).await }
    }

    pub(super) fn title(&self) -> String {
        format!("{} {}", self.operation, self.name)
    }

    /// Operation, status and code, as in the document.
    pub(super) fn kind(&self) -> String {
        let Answer { status, body, .. } = &self.answer;
        let code = if *status < 300 { "done" } else { body["code"].as_str().unwrap() };
        format!("{} {status} {code}", self.operation)
    }

    pub(super) fn section(&self) -> String {
        let Answer { status, headers, body, .. } = &self.answer;
        let mut section = format!("## {}\nHTTP {status}\n", self.name);
        let mut lines: Vec<String> = headers
            .iter()
            .filter(|(name, _)| *name != "content-length")
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        writeln!(section, "{}\n", lines.join("\n")).unwrap();
        let shown = if body["openapi"].is_string() {
            "(infra/openapi.yaml)".to_owned()
        } else {
            let mut body = body.clone();
            if let Some(cursor) = body.get_mut("nextCursor") {
                *cursor = json!("(opaque)");
            }
            format!("{body:#}")
        };
        writeln!(section, "{shown}").unwrap();
        section
    }
}
