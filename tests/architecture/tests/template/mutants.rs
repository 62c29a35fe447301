//! Removes each safety property from the template, one at a time, and expects the rule of the property to fail.
//! `mutants.txt` lists the mutants.

use serde_json::Value;

use super::{RULES, model::Template};

const MUTANTS: &str = include_str!("mutants.txt");
/// This rule reads the text of the file, which mutants do not change.
const WITHOUT_MUTANT: &str = "blocks have their keys in the same order";

/// Each mutant: its rule, and its line with the place and the change.
fn mutants() -> Vec<(&'static str, &'static str)> {
    let mut rule = "";
    let mut found = Vec::new();
    for line in MUTANTS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            Some(damage) => found.push((rule, damage)),
            None => rule = line,
        }
    }
    found
}

#[test]
fn every_rule_fails_for_its_mutants() {
    let whole = Template::load();
    let mut alive = Vec::new();
    for (sentence, damage) in mutants() {
        let mut template = whole.clone();
        apply(&mut template.document, damage);
        let rule = RULES.iter().find(|(name, _)| *name == sentence);
        let (_, rule) = rule.unwrap_or_else(|| panic!("no rule is called {sentence:?}"));
        if rule(&template).is_empty() {
            alive.push(format!("{damage}: not noticed by {sentence:?}"));
        }
    }
    assert!(alive.is_empty(), "\n  {}", alive.join("\n  "));
}

#[test]
fn every_rule_has_a_mutant() {
    let guarding: Vec<_> = mutants().into_iter().map(|(rule, _)| rule).collect();
    let names = RULES.iter().map(|(name, _)| *name);
    let idle: Vec<_> =
        names.filter(|name| !guarding.contains(name) && *name != WITHOUT_MUTANT).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

/// Damages a document: `<pointer> = <json>`, `<pointer> + <json>` or `<pointer> -`.
pub(super) fn apply(document: &mut Value, damage: &str) {
    let mut words = damage.splitn(3, ' ');
    let place = words.next().unwrap_or_default();
    let operation = words.next();
    let value = words.next().map(|json| serde_json::from_str(json).expect("the value is JSON"));
    let (parent, key) = place.rsplit_once('/').expect("a pointer has a parent");
    let missing = || panic!("{place} is not in the template");
    match (operation, value) {
        (Some("="), Some(value)) => {
            let parent = document.pointer_mut(parent).unwrap_or_else(missing);
            parent[key] = value;
        }
        (Some("+"), Some(value)) => {
            let list = document.pointer_mut(place).and_then(Value::as_array_mut);
            list.unwrap_or_else(|| panic!("{place} is no list")).push(value);
        }
        (Some("-"), None) => {
            // A mutant that removes an absent property tests nothing.
            let gone = match document.pointer_mut(parent).unwrap_or_else(missing) {
                Value::Object(entries) => entries.remove(key),
                Value::Array(members) => key.parse().ok().map(|index: usize| members.remove(index)),
                _ => None,
            };
            assert!(gone.is_some(), "{place} is not there to be removed");
        }
        _ => panic!("not a mutant: {damage}"),
    }
}
