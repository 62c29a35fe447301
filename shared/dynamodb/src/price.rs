//! What a stored commit costs.

use dekigoto::StoredCommit;

/// Bytes that one write unit covers.
pub const WRITE_UNIT_BYTES: usize = 1024;

/// A commit's size in bytes as DynamoDB counts it: names and values, with about half a byte for a digit.
#[must_use]
pub fn size_bytes(commit: &StoredCommit) -> usize {
    let texts = [
        ("pk", Some(&commit.pk)),
        ("ev", Some(&commit.ev)),
        ("key", Some(&commit.key)),
        ("act", Some(&commit.act)),
        ("cor", Some(&commit.cor)),
        ("cau", commit.cau.as_ref()),
        ("tp", commit.tp.as_ref()),
        ("sn", commit.sn.as_ref()),
    ];
    let texts = texts.iter().filter_map(|(name, text)| Some(name.len() + text.as_ref()?.len()));
    let fingerprint = "fp".len() + commit.fp.as_str().len();
    let sk = "sk".len() + number_bytes(&commit.sk.to_string());
    let v = "v".len() + number_bytes(&commit.v.to_string());
    let at = "at".len() + number_bytes(&commit.at.to_string());
    texts.sum::<usize>() + fingerprint + sk + v + at
}

/// Write units for storing a commit: one for each started 1,024 bytes. An estimate from [`size_bytes`]; a test compares
/// it with what an embedded DynamoDB charges.
#[must_use]
pub fn write_units(commit: &StoredCommit) -> usize {
    size_bytes(commit).div_ceil(WRITE_UNIT_BYTES)
}

/// DynamoDB stores two digits in a byte, without leading and trailing zeros, plus one byte (two when negative).
fn number_bytes(digits: &str) -> usize {
    let significant = digits.trim_start_matches('-').trim_matches('0').len();
    let sign = usize::from(digits.starts_with('-'));
    significant.div_ceil(2) + 1 + sign
}
