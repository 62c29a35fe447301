//! The messages of a rebuild: each names a segment of the event store to work on.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Generation;
use crate::Source;

/// A segment of a rebuild. The message is only a hint: where to go on is in the view store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Segment {
    /// The view.
    pub view: String,
    /// The generation that is built.
    pub generation: Generation,
    /// The segment, from 0.
    pub segment: u32,
    /// How many there are.
    pub of_segments: u32,
}

/// What a message of the rebuild queue looks like.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    rebuild: Segment,
}

/// A message that names no segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message names no segment of a rebuild (column {column})")]
pub struct NotASegment {
    column: usize,
}

impl Segment {
    /// The segments of the rebuild of a generation.
    pub fn all(view: &str, generation: Generation, of_segments: u32) -> impl Iterator<Item = Self> {
        let view = view.to_owned();
        (0..of_segments).map(move |segment| Self {
            view: view.clone(),
            generation,
            segment,
            of_segments,
        })
    }

    /// The message's body.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::json!({ "rebuild": self }).to_string()
    }

    /// Reads a message's body.
    ///
    /// # Errors
    /// [`NotASegment`].
    pub fn from_text(text: &str) -> Result<Self, NotASegment> {
        let message: Result<Message, _> = serde_json::from_str(text);
        message.map(|it| it.rebuild).map_err(|cause| NotASegment { column: cause.column() })
    }
}

/// The queue of segments to work on.
#[async_trait]
pub trait RebuildQueue: Send + Sync {
    /// Puts a segment into the queue. Twice does no harm.
    ///
    /// # Errors
    /// If it may not be in the queue.
    async fn put(&self, segment: &Segment) -> Result<(), Source>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_segment_and_nothing_else() {
        let segment = Segment::all("totals", Generation::FIRST.next(), 4).last().unwrap();
        let text = r#"{"rebuild":{"generation":2,"ofSegments":4,"segment":3,"view":"totals"}}"#;
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&segment.text()).unwrap(), value);
        assert_eq!(Segment::from_text(text), Ok(segment));
        for other in ["", "{}", "null", r#"{"rebuild":{"view":"totals"}}"#] {
            assert!(Segment::from_text(other).is_err(), "{other}");
        }
    }
}
