//! Expands the template's loops as `AWS::LanguageExtensions` does, so that the rules and the mutants see the resources
//! that CloudFormation creates.
//!
//! A loop inserts its word into the keys of its blocks (`${View}Queue`, or `&{View}` for only its letters and digits),
//! into the text of `Fn::Sub`, and into `Ref`. It leaves other texts and deeper keys unchanged. Expressions that do not
//! need a stack are evaluated: a look-up in a mapping, and an `Fn::Sub` without variables.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::model::Template;

const LOOP: &str = "Fn::ForEach::";
const SECTIONS: &[&str] = &["Conditions", "Resources", "Outputs"];

/// The document without loops.
pub(super) fn expand(document: &Value) -> Value {
    let mut expanded = document.clone();
    let scope = Scope { mappings: &document["Mappings"], words: Vec::new() };
    for name in SECTIONS {
        if let Some(section) = document.get(*name) {
            expanded[*name] = scope.value(section);
        }
    }
    expanded
}

/// The words of the enclosing loops.
struct Scope<'a> {
    mappings: &'a Value,
    words: Vec<(&'a str, &'a str)>,
}

impl<'a> Scope<'a> {
    fn value(&self, value: &'a Value) -> Value {
        match value {
            Value::Array(members) => members.iter().map(|member| self.value(member)).collect(),
            Value::Object(entries) => match entries.iter().next() {
                Some((name, argument)) if entries.len() == 1 => self.call(name, argument),
                _ => self.entries(entries),
            },
            single => single.clone(),
        }
    }

    fn entries(&self, entries: &'a Map<String, Value>) -> Value {
        let mut found = Map::new();
        for (key, value) in entries {
            if key.starts_with(LOOP) {
                self.repeat(key, value, &mut found);
            } else {
                put(&mut found, key.clone(), self.value(value));
            }
        }
        found.into()
    }

    fn repeat(&self, name: &str, parts: &'a Value, found: &mut Map<String, Value>) {
        let Some([Value::String(identifier), Value::Array(words), Value::Object(blocks)]) =
            parts.as_array().map(Vec::as_slice)
        else {
            panic!("{name} needs an identifier, a list of words, and blocks");
        };
        for word in words {
            let word = word.as_str().expect("a loop's words are text");
            let mut inner = Scope { mappings: self.mappings, words: self.words.clone() };
            inner.words.push((identifier, word));
            for (key, value) in blocks {
                if key.starts_with(LOOP) {
                    inner.repeat(key, value, found);
                    continue;
                }
                let named = ["$", "&"].map(|sign| format!("{sign}{{{identifier}}}"));
                assert!(
                    named.iter().any(|it| key.contains(it)),
                    "{name}: every word would make the same {key}"
                );
                put(found, inner.key(key), inner.value(value));
            }
        }
    }

    fn key(&self, key: &str) -> String {
        self.words.iter().fold(self.text(key), |key, (identifier, word)| {
            let letters: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
            key.replace(&format!("&{{{identifier}}}"), &letters)
        })
    }

    fn text(&self, text: &str) -> String {
        self.words.iter().fold(text.to_owned(), |text, (identifier, word)| {
            text.replace(&format!("${{{identifier}}}"), word)
        })
    }

    fn call(&self, name: &str, argument: &'a Value) -> Value {
        match (name, argument) {
            ("Ref", Value::String(target)) => {
                let word = self.words.iter().rev().find(|(identifier, _)| identifier == target);
                word.map_or_else(|| json!({"Ref": target}), |(_, word)| json!(word))
            }
            ("Fn::Sub", Value::String(text)) => substituted(self.text(text)),
            ("Fn::Sub", Value::Array(parts)) => self.sub(parts),
            ("Fn::GetAtt", Value::Array(parts)) => {
                let parts: Vec<_> = parts.iter().map(|part| self.value(part)).collect();
                let names: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
                assert_eq!(names.len(), 2, "{parts:?} is not a resource and an attribute");
                json!({"Fn::GetAtt": names.join(".")})
            }
            ("Fn::FindInMap", Value::Array(keys)) => {
                let keys: Vec<_> = keys.iter().map(|key| self.value(key)).collect();
                if keys.iter().any(|key| !key.is_string()) {
                    return json!({ "Fn::FindInMap": keys }); // By a parameter.
                }
                keys.iter()
                    .try_fold(self.mappings, |map, key| map.get(key.as_str()?))
                    .unwrap_or_else(|| panic!("no mapping has {keys:?}"))
                    .clone()
            }
            _ => {
                let mut only = Map::new();
                if name.starts_with(LOOP) {
                    self.repeat(name, argument, &mut only);
                } else {
                    only.insert(name.to_owned(), self.value(argument));
                }
                only.into()
            }
        }
    }

    /// `[text, {name: value}]`. A value that becomes text once the loop's word is inserted is put into the text; what only a
    /// stack knows stays.
    fn sub(&self, parts: &'a [Value]) -> Value {
        let [Value::String(text), Value::Object(variables)] = parts else {
            panic!("{parts:?} is not a text with variables");
        };
        let mut text = self.text(text);
        let mut unknown = Map::new();
        for (name, value) in variables {
            match self.value(value) {
                Value::String(value) => text = text.replace(&format!("${{{name}}}"), &value),
                other => drop(unknown.insert(name.clone(), other)),
            }
        }
        if unknown.is_empty() { substituted(text) } else { json!({"Fn::Sub": [text, unknown]}) }
    }
}

fn substituted(text: String) -> Value {
    if text.contains("${") { json!({"Fn::Sub": text}) } else { text.into() }
}

fn put(found: &mut Map<String, Value>, key: String, value: Value) {
    assert!(!found.contains_key(&key), "{key} is there twice");
    found.insert(key, value);
}

/// A loop before expansion.
struct Written<'a> {
    name: &'a str,
    identifier: &'a str,
    words: BTreeSet<&'a str>,
    blocks: String,
}

fn written<'a>(document: &'a Value, section: &str) -> Vec<Written<'a>> {
    let entries = document[section].as_object().into_iter().flatten();
    let loops = entries.filter(|(name, _)| name.starts_with(LOOP)).map(|(name, parts)| Written {
        name,
        identifier: parts[0].as_str().unwrap_or_default(),
        words: parts[1].as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        blocks: parts[2].to_string(),
    });
    loops.collect()
}

#[test]
fn a_loop_has_the_words_of_its_mapping() {
    let document = Template::written();
    let mappings = document["Mappings"].as_object().expect("the template has mappings");
    // The mapping of deployments is for a parameter, not for a loop.
    for (mapping, columns) in mappings.iter().filter(|(name, _)| *name != "Deployments") {
        let reads = format!("{{\"Fn::FindInMap\":[\"{mapping}\",");
        let mut loops = written(&document, "Resources");
        loops.retain(|it| it.blocks.contains(&reads));
        assert_eq!(loops.len(), 1, "{mapping} is for one loop");
        for (column, values) in columns.as_object().into_iter().flatten() {
            let keys = values.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
            assert_eq!(loops[0].words, keys.collect(), "{} and {mapping}.{column}", loops[0].name);
        }
    }
}

#[test]
fn every_view_has_its_outputs() {
    let document = Template::written();
    let words = |section, name| {
        let mut loops = written(&document, section).into_iter();
        loops.find(|it| it.name == name).expect("the loop is there").words
    };
    assert_eq!(
        words("Resources", "Fn::ForEach::Views"),
        words("Outputs", "Fn::ForEach::ViewOutputs")
    );
}

#[test]
fn loops_replace_every_placeholder() {
    let document = Template::written();
    let expanded = Template::load().document.to_string();
    assert!(!expanded.contains(LOOP), "a loop is left in an invalid place");
    for it in SECTIONS.iter().flat_map(|section| written(&document, section)) {
        for sign in ["$", "&"] {
            let left = format!("{sign}{{{}}}", it.identifier);
            assert!(!expanded.contains(&left), "{}: AWS would leave {left} as it is", it.name);
        }
    }
}

#[test]
fn a_loop_replaces_its_word_in_keys_sub_ref_and_look_ups() {
    let expanded = expand(&json!({
        "Mappings": {"Views": {"Name": {"AB": "a-b", "CD": "c-d"}}},
        "Resources": {
            "Fn::ForEach::Views": ["View", ["AB", "CD"], {
                "${View}Queue": {
                    "Plain": "${View}",
                    "Deeper": {"${View}": 1, "x": 2},
                    "Word": {"Ref": "View"},
                    "Dlq": {"Ref": {"Fn::Sub": "${View}Dlq"}},
                    "Arn": {"Fn::GetAtt": [{"Fn::Sub": "${View}Dlq"}, "Arn"]},
                    "Name": {"Fn::Sub": ["${AWS::StackName}-${Name}",
                        {"Name": {"Fn::FindInMap": ["Views", "Name", {"Ref": "View"}]}}]},
                },
            }],
            "Other": {"Ref": "View"},
        },
    }));
    let resources = &expanded["Resources"];
    assert_eq!(resources.as_object().map(Map::len), Some(3), "{resources}");
    assert_eq!(resources["Other"], json!({"Ref": "View"}));
    assert_eq!(
        resources["CDQueue"],
        json!({
            "Plain": "${View}",
            "Deeper": {"${View}": 1, "x": 2},
            "Word": "CD",
            "Dlq": {"Ref": "CDDlq"},
            "Arn": {"Fn::GetAtt": "CDDlq.Arn"},
            "Name": {"Fn::Sub": "${AWS::StackName}-c-d"},
        })
    );
}

#[test]
fn loops_nest_and_keep_only_letters_and_digits_where_asked() {
    let inner = json!(["B", ["x-1"], {"${A}&{B}": {"Ref": "B"}}]);
    let expanded = expand(
        &json!({"Outputs": {"Fn::ForEach::As": ["A", ["P", "Q"], {"Fn::ForEach::Bs": inner}]}}),
    );
    assert_eq!(expanded["Outputs"], json!({"Px1": "x-1", "Qx1": "x-1"}));
}

#[test]
#[should_panic(expected = "is there twice")]
fn duplicate_block_names_are_refused() {
    expand(&json!({"Resources": {"AX": {}, "Fn::ForEach::As": ["I", ["A"], {"${I}X": {}}]}}));
}

#[test]
#[should_panic(expected = "no mapping has")]
fn a_word_missing_from_the_mapping_is_refused() {
    let look_up = json!({"Fn::FindInMap": ["M", "Name", {"Ref": "I"}]});
    expand(&json!({"Mappings": {"M": {"Name": {"A": "a"}}},
        "Resources": {"Fn::ForEach::Is": ["I", ["A", "B"], {"${I}X": look_up}]}}));
}
