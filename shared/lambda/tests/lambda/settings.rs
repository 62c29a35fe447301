//! A function with missing settings does not start, and reports all of them.

use dekigoto_lambda::{Config, ConfigError};

const NAMES: [&str; 3] = ["EVENT_TABLE", "VIEW_TABLE", "AUTH_MODE"];

fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let lookup = |name: &str| {
        settings.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
    };
    Config::read(&NAMES, lookup)
}

#[test]
fn all_missing_and_empty_settings_are_reported_at_once() {
    let missing = read(&[("VIEW_TABLE", " "), ("AUTH_MODE", ""), ("OTHER", "x")]).unwrap_err();
    assert_eq!(missing, ConfigError::Missing(NAMES.to_vec()));
    let sentence = missing.to_string();
    assert!(NAMES.iter().all(|name| sentence.contains(name)), "{sentence}");
}

#[test]
fn a_setting_is_parsed_or_an_error_names_it() {
    let config =
        read(&[("EVENT_TABLE", "events"), ("VIEW_TABLE", "12"), ("AUTH_MODE", "iam")]).unwrap();
    assert_eq!((config.text("EVENT_TABLE"), config.text("OTHER")), ("events", ""));
    assert_eq!(config.parsed::<u8>("VIEW_TABLE"), Ok(12));
    let invalid = config.parsed::<u8>("AUTH_MODE").unwrap_err();
    assert!(matches!(invalid, ConfigError::Invalid { name: "AUTH_MODE", .. }), "{invalid}");
}
