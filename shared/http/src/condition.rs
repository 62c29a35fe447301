//! The precondition of a command: `If-Match` or `If-None-Match: *`.

use axum::http::{HeaderMap, header};
use dekigoto::{Expect, Version};

use crate::{headers::only, params::malformed_request, problem::Problem, texts};

/// A command's precondition, as the client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Anything,
    Exists,
    Absent,
    /// The tag of a body that shows one stream.
    One(Version),
    /// The tag of a body that shows two streams, such as an order and its payments. 0 is an empty stream.
    Two(u64, u64),
    /// It exists, and it is the first: both cannot hold.
    Never,
}

/// Which part of a tag `"<first>.<second>"` is the stream that a command changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The stream before the point.
    First,
    /// The stream after the point.
    Second,
}

impl Condition {
    /// Reads the headers. `If-Match` is one strong tag, or `*` for "it exists". A weak tag never matches (RFC 9110,
    /// 13.1.1), so it is malformed; a 412 would not tell the client why.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let is_first = match only(headers, &header::IF_NONE_MATCH)? {
            None => false,
            Some("*") => true,
            Some(_) => return Err(malformed_request(texts::BAD_IF_NONE_MATCH)),
        };
        let matched = match only(headers, &header::IF_MATCH)? {
            None => return Ok(if is_first { Self::Absent } else { Self::Anything }),
            Some("*") => Some(Self::Exists),
            Some(tag) => Self::of_tag(tag),
        };
        match matched {
            None => Err(malformed_request(texts::BAD_IF_MATCH)),
            Some(_) if is_first => Ok(Self::Never),
            Some(matched) => Ok(matched),
        }
    }

    fn of_tag(tag: &str) -> Option<Self> {
        let inner = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))?;
        match inner.split_once('.') {
            None => number(inner).and_then(Version::new).map(Self::One),
            Some((first, second)) => Some(Self::Two(number(first)?, number(second)?)),
        }
    }

    /// The precondition on the only stream that the resource shows. A tag of two parts never was its tag.
    pub(crate) fn alone(self) -> Expect {
        match self {
            Self::Anything => Expect::Anything,
            Self::Exists => Expect::Exists,
            Self::Absent => Expect::Absent,
            Self::One(version) => Expect::Version(version),
            Self::Two(..) | Self::Never => Expect::Unmet,
        }
    }

    /// The precondition on the stream that is this part of the tag, when the other stream is at version `other`.
    pub(crate) fn beside(self, own: Part, other: u64) -> Expect {
        let Self::Two(first, second) = self else { return self.alone() };
        let (own, expected) = match own {
            Part::First => (first, second),
            Part::Second => (second, first),
        };
        if other == expected {
            Version::new(own).map_or(Expect::Absent, Expect::Version)
        } else {
            Expect::Unmet
        }
    }
}

fn number(text: &str) -> Option<u64> {
    // `parse` alone would also take "+1".
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &str) -> Option<Condition> {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
        Condition::read(&headers).ok()
    }

    #[test]
    fn a_tag_has_one_or_two_versions() {
        let two = Version::new(2).unwrap();
        assert_eq!(read("if-match", "\"2\""), Some(Condition::One(two)));
        assert_eq!(read("if-match", "\"2.0\""), Some(Condition::Two(2, 0)));
        for tag in
            ["\"0\"", "\"2.\"", "\".2\"", "\"2.1.1\"", "\"2.+1\"", "W/\"2.1\"", "2.1", "\"2.x\""]
        {
            assert_eq!(read("if-match", tag), None, "{tag}");
        }
    }

    #[test]
    fn if_none_match_is_only_for_the_first_command() {
        assert_eq!(read("if-none-match", "*"), Some(Condition::Absent));
        assert_eq!(read("if-none-match", "\"1\""), None);
    }

    #[test]
    fn both_parts_of_a_tag_must_hold() {
        let tag = Condition::Two(2, 1);
        let version = |number| Expect::Version(Version::new(number).unwrap());
        assert_eq!(tag.beside(Part::First, 1), version(2));
        assert_eq!(tag.beside(Part::Second, 2), version(1));
        assert_eq!(tag.beside(Part::First, 2), Expect::Unmet);
        assert_eq!(tag.alone(), Expect::Unmet, "the tag of another kind of body");
        assert_eq!(Condition::Two(2, 0).beside(Part::Second, 2), Expect::Absent);
        assert_eq!(Condition::One(Version::FIRST).beside(Part::First, 7), version(1));
    }
}
