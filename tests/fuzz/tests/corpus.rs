//! Runs every target on its saved corpus, and on every prefix and single-byte change of the short inputs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::path::Path;

use fuzz::{TARGETS, Target};

/// Inputs up to this long are also run damaged.
const DAMAGED_BYTES_MAX: usize = 300;

fn run(name: &str, target: Target) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut inputs = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        target(&bytes);
        inputs += 1;
        if bytes.len() > DAMAGED_BYTES_MAX {
            continue;
        }
        for place in 0..bytes.len() {
            target(&bytes[..place]);
            let mut damaged = bytes.clone();
            for flip in [1, 0x20, 0x80] {
                damaged[place] = bytes[place] ^ flip;
                target(&damaged);
            }
        }
    }
    assert!(inputs >= 10, "{}: {inputs} inputs are too few", folder.display());
}

fn target(name: &str) -> Target {
    TARGETS.iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn any_body_is_answered_as_documented() {
    run("request", target("request"));
}

#[test]
fn no_bytes_forge_a_cursor() {
    run("cursor", target("cursor"));
}

#[test]
fn any_stored_bytes_are_read_or_refused_s12() {
    run("stored_event", target("stored_event"));
}

#[test]
fn every_target_is_run() {
    assert_eq!(TARGETS.map(|(name, _)| name), ["cursor", "request", "stored_event"]);
}
