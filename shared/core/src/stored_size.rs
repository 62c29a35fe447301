//! How large a stored commit is, as DynamoDB counts. A snapshot that fits the write unit which its commit has begun costs
//! nothing.

use crate::StoredCommit;

/// Bytes that one write unit of DynamoDB covers.
pub const WRITE_UNIT_BYTES: usize = 1024;

impl StoredCommit {
    /// The size in bytes: names and values, with about half a byte for a digit.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let texts = [
            ("pk", Some(&self.pk)),
            ("ev", Some(&self.ev)),
            ("key", Some(&self.key)),
            ("act", Some(&self.act)),
            ("cor", Some(&self.cor)),
            ("cau", self.cau.as_ref()),
            ("tp", self.tp.as_ref()),
            ("sn", self.sn.as_ref()),
        ];
        let texts = texts.iter().filter_map(|(name, text)| Some(name.len() + text.as_ref()?.len()));
        let fingerprint = "fp".len() + self.fp.as_str().len();
        let sk = "sk".len() + number_bytes(&self.sk.to_string());
        let v = "v".len() + number_bytes(&self.v.to_string());
        let at = "at".len() + number_bytes(&self.at.to_string());
        texts.sum::<usize>() + fingerprint + sk + v + at
    }

    /// Write units for storing it: one for each started 1,024 bytes.
    #[must_use]
    pub fn write_units(&self) -> usize {
        self.size_bytes().div_ceil(WRITE_UNIT_BYTES)
    }
}

/// DynamoDB stores two digits in a byte, without leading and trailing zeros, plus one byte (two when negative).
fn number_bytes(digits: &str) -> usize {
    let significant = digits.trim_start_matches('-').trim_matches('0').len();
    let sign = usize::from(digits.starts_with('-'));
    significant.div_ceil(2) + 1 + sign
}
