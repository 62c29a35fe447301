//! The template as data: short YAML tags are converted to their JSON form (`!Ref X` becomes `{"Ref": "X"}`) and loops
//! are expanded, so that rules and mutants use one form.

use std::{fs, path::PathBuf};

use serde_json::{Map, Value, json};

use super::loops;

/// A parsed template.
#[derive(Clone)]
pub(super) struct Template {
    /// The whole document. Public to the mutants, which change it.
    pub(super) document: Value,
}

/// A resource and its logical name.
#[derive(Clone, Copy)]
pub(super) struct Resource<'a> {
    pub(super) name: &'a str,
    pub(super) block: &'a Value,
}

impl<'a> Resource<'a> {
    /// A property by JSON pointer below `Properties`; null if absent.
    pub(super) fn get(self, pointer: &str) -> &'a Value {
        self.block.pointer(&format!("/Properties{pointer}")).unwrap_or(&Value::Null)
    }

    pub(super) fn kind(self) -> &'a str {
        self.block["Type"].as_str().unwrap_or_default()
    }
}

impl Template {
    /// Reads the repository's template and expands its loops.
    pub(super) fn load() -> Self {
        Self { document: loops::expand(&Self::written()) }
    }

    /// The repository's template with its loops unexpanded.
    pub(super) fn written() -> Value {
        Self::parsed(&Self::text())
    }

    /// A template's text as data, with its loops unexpanded.
    pub(super) fn parsed(text: &str) -> Value {
        long_form(yaml_serde::from_str(text).expect("a template is YAML"))
    }

    /// The template's text.
    pub(super) fn text() -> String {
        Self::text_of("template.yaml")
    }

    /// The text of a template at this path.
    pub(super) fn text_of(path: &str) -> String {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
        fs::read_to_string(path).expect("the template is readable")
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let blocks = self.document["Resources"].as_object().into_iter().flatten();
        blocks.map(|(name, block)| Resource { name, block })
    }

    pub(super) fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = Resource<'a>> {
        self.resources().filter(move |resource| resource.kind() == kind)
    }

    pub(super) fn functions(&self) -> impl Iterator<Item = Resource<'_>> {
        self.of_type("AWS::Serverless::Function")
    }

    pub(super) fn queues(&self) -> impl Iterator<Item = Resource<'_>> {
        self.of_type("AWS::SQS::Queue")
    }

    pub(super) fn mappings(&self) -> impl Iterator<Item = Resource<'_>> {
        self.of_type("AWS::Lambda::EventSourceMapping")
    }

    /// The resource that an expression (`Ref`, `Fn::GetAtt`) points at.
    pub(super) fn target(&self, expression: &Value) -> Option<Resource<'_>> {
        let name = points_at(expression)?;
        self.resources().find(|resource| resource.name == name)
    }

    /// The most that a number may be: that of the longer branch of a condition, and the `MaxValue` of a parameter.
    pub(super) fn at_most(&self, value: &Value) -> Option<i64> {
        if let Some(branches) = value["Fn::If"].as_array() {
            return branches.iter().skip(1).map(|it| self.at_most(it)).max().flatten();
        }
        match value["Ref"].as_str() {
            Some(parameter) => self.document["Parameters"][parameter]["MaxValue"].as_i64(),
            None => value.as_i64(),
        }
    }

    /// Every queue that serves as a dead-letter queue.
    pub(super) fn dead_letter_queues(&self) -> Vec<Resource<'_>> {
        let redriven = self.resources().map(|r| r.get("/RedrivePolicy/deadLetterTargetArn"));
        // For the stream, a bucket on AWS in place of the queue: see `delivery::the_stream_mapping_is_bounded`.
        let failed = self.mappings().map(|r| {
            let destination = r.get("/DestinationConfig/OnFailure/Destination");
            destination.pointer("/Fn::If/2").unwrap_or(destination)
        });
        let undelivered =
            self.rule_targets().into_iter().map(|target| &target["DeadLetterConfig"]["Arn"]);
        let mut names: Vec<_> =
            redriven.chain(failed).chain(undelivered).filter_map(points_at).collect();
        names.sort_unstable();
        names.dedup();
        self.queues().filter(|queue| names.contains(&queue.name)).collect()
    }

    /// The targets of rules that match events. What a schedule sends is not kept: the next minute sends it again.
    pub(super) fn rule_targets(&self) -> Vec<&Value> {
        let rules = self.of_type("AWS::Events::Rule");
        let rules = rules.filter(|rule| rule.get("/ScheduleExpression").is_null());
        let targets = rules.map(|rule| rule.get("/Targets"));
        targets.filter_map(Value::as_array).flatten().collect()
    }
}

/// What SAM adds to the name of a function for its alias `live`.
pub(super) const ALIAS: &str = "Aliaslive";

/// The logical name in `{"Ref": name}` or `{"Fn::GetAtt": "name.Attribute"}`. An alias points at its function.
pub(super) fn points_at(expression: &Value) -> Option<&str> {
    let reference = expression["Ref"].as_str().map(|name| name.strip_suffix(ALIAS).unwrap_or(name));
    reference.or_else(|| expression["Fn::GetAtt"].as_str()?.split('.').next())
}

/// A value, or the members of a list: policies write both.
pub(super) fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(members) => members.iter().collect(),
        single => vec![single],
    }
}

fn long_form(yaml: yaml_serde::Value) -> Value {
    match yaml {
        yaml_serde::Value::Null => Value::Null,
        yaml_serde::Value::Bool(flag) => flag.into(),
        yaml_serde::Value::Number(number) => number.as_i64().map_or(Value::Null, Value::from),
        yaml_serde::Value::String(text) => text.into(),
        yaml_serde::Value::Sequence(members) => members.into_iter().map(long_form).collect(),
        yaml_serde::Value::Mapping(entries) => entries
            .into_iter()
            .map(|(key, value)| (key.as_str().expect("keys are text").to_owned(), long_form(value)))
            .collect::<Map<_, _>>()
            .into(),
        yaml_serde::Value::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let long = if matches!(name, "Ref" | "Condition") {
                name.to_owned()
            } else {
                format!("Fn::{name}")
            };
            json!({ long: long_form(tagged.value) })
        }
    }
}
