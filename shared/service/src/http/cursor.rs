//! Where a list goes on: opaque to clients, bound to its query and its caller, refused when altered.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dekigoto::{Fingerprint, Position, RowKey};

use super::{
    limits::CURSOR_BYTES_MAX,
    problem::{Kind, Problem},
};

/// A cursor's inside: a digest of everything that it is bound to, and the position.
type Inside = (Fingerprint, String, String, String);

/// What a cursor is bound to: caller and query.
pub(super) struct Binding<'a>(pub(super) &'a [&'a str]);

impl Binding<'_> {
    fn seal(&self, sort: &str, partition: &str, key: &str) -> Fingerprint {
        let mut parts = self.0.to_vec();
        parts.extend([sort, partition, key]);
        Fingerprint::of(&parts)
    }

    /// The cursor of a position.
    pub(super) fn write(&self, position: &Position) -> String {
        let Position { sort, key: RowKey { partition, sort: key } } = position;
        let inside: Inside =
            (self.seal(sort, partition, key), sort.clone(), partition.clone(), key.clone());
        URL_SAFE_NO_PAD.encode(serde_json::to_string(&inside).unwrap_or_default())
    }

    /// The position of a cursor.
    ///
    /// # Errors
    /// A problem when it is not one of ours, or belongs to another query or caller.
    pub(super) fn read(&self, cursor: &str) -> Result<Position, Problem> {
        let refused = || {
            let detail = "The cursor is not one of this list. Start again without it.";
            Problem::new(Kind::Malformed, detail)
        };
        if cursor.len() > CURSOR_BYTES_MAX {
            return Err(refused());
        }
        let text = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let inside: Inside = serde_json::from_slice(&text).map_err(|_| refused())?;
        let (seal, sort, partition, key) = inside;
        if self.seal(&sort, &partition, &key) != seal {
            return Err(refused());
        }
        Ok(Position { sort, key: RowKey::new(partition, key) })
    }
}
