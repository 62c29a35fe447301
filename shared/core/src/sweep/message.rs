//! The messages of a sweep: each names a segment of the event store, and where to go on in it.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::SWEEP_BACK;
use crate::{
    Source, Timestamp,
    replay::{ReplayPosition, SEGMENTS_MAX},
};

/// Segments of one sweep. Each is the work of one message.
pub const SWEEP_SEGMENTS: u32 = 4;

/// A segment to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sweep {
    /// Commits of this time and later.
    pub from: Timestamp,
    /// Commits before this time.
    pub to: Timestamp,
    /// The segment, from 0.
    pub segment: u32,
    /// How many there are.
    pub of_segments: u32,
    /// The last commit that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ReplayPosition>,
    /// Lost commits found so far.
    #[serde(default)]
    pub lost: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    sweep: Sweep,
}

impl Sweep {
    /// The segments of a sweep of the commits that are older than `grace` now.
    pub fn all(now: Timestamp, grace: Duration) -> impl Iterator<Item = Self> {
        let ago = |time: Duration| {
            let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
            let then = now.as_millis().saturating_sub(millis);
            Timestamp::from_millis(then).unwrap_or(Timestamp::EPOCH)
        };
        let (from, to) = (ago(grace.saturating_add(SWEEP_BACK)), ago(grace));
        (0..SWEEP_SEGMENTS).map(move |segment| Self {
            from,
            to,
            segment,
            of_segments: SWEEP_SEGMENTS,
            after: None,
            lost: 0,
        })
    }

    /// The message's body.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::json!({ "sweep": self }).to_string()
    }

    /// Reads a message's body. `None` if it names no segment of a sweep.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let sweep = serde_json::from_str::<Message>(text).ok()?.sweep;
        let is_valid = sweep.segment < sweep.of_segments && sweep.of_segments <= SEGMENTS_MAX;
        is_valid.then_some(sweep)
    }
}

/// The queue of segments to look at.
#[async_trait]
pub trait SweepQueue: Send + Sync {
    /// Puts a segment into the queue. Twice does no harm.
    ///
    /// # Errors
    /// If it may not be in the queue.
    async fn put(&self, sweep: &Sweep) -> Result<(), Source>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_a_segment_its_window_and_nothing_else() {
        let now: Timestamp = "2026-11-26T12:00:00.000Z".parse().unwrap();
        let last = Sweep::all(now, Duration::from_secs(6 * 3600)).last().unwrap();
        let text = r#"{"sweep":{"from":"2026-11-23T06:00:00.000Z","lost":0,"ofSegments":4,"segment":3,"to":"2026-11-26T06:00:00.000Z"}}"#;
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&last.text()), value(text));
        assert_eq!(Sweep::from_text(text), Some(last));
        for wrong in [
            "",
            "{}",
            r#"{"sweep":true}"#,
            &text.replace(r#""segment":3"#, r#""segment":4"#),
            &text.replace(r#""ofSegments":4"#, r#""ofSegments":1000000"#),
            &text.replace(r#""lost":0"#, r#""lost":0,"more":1"#),
        ] {
            assert_eq!(Sweep::from_text(wrong), None, "{wrong}");
        }
    }
}
