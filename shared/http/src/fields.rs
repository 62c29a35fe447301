//! Reads a JSON object strictly, field by field.
//!
//! Derived deserialization stops at the first error, may keep the last of two equal names, and accepts an array for a
//! struct. This reader requires that each field is known, appears once, and has the documented type; and one answer
//! lists all faults.

use std::str::FromStr;

use dekigoto::Explain;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    faults::Faults,
    params::malformed_request,
    problem::{Kind, Problem, Subject},
    texts,
};

/// A type that is read from a JSON object. Faults are collected, not returned one by one.
pub trait Body: Sized {
    /// The kind of problem when every field is well-formed, but one breaks a business limit.
    const INVALID: Kind = Kind::MALFORMED;

    /// Reads every field, then builds the value. `None` when a field is at fault.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// Parses a body.
///
/// # Errors
/// A problem that names every field at fault.
pub(crate) fn parse<B: Body>(bytes: &[u8]) -> Result<B, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed_request(texts::NOT_UTF_8))?;
    // Checks the syntax of the whole text without recursion, so deep nesting cannot overflow the stack.
    let value: &RawValue =
        serde_json::from_str(text).map_err(|cause| malformed_request(texts::not_json(&cause)))?;
    let mut faults = Faults::default();
    let body = object(value, String::new(), &mut faults);
    match body {
        Some(body) if faults.is_empty() => Ok(body),
        Some(_) | None => Err(faults.refusal(B::INVALID)),
    }
}

fn object<B: Body>(value: &RawValue, pointer: String, faults: &mut Faults) -> Option<B> {
    let Ok(Entries(entries)) = serde_json::from_str(value.get()) else {
        let is_object = value.get().starts_with('{');
        let why = if is_object { texts::NAME_IS_NOT_UNICODE } else { texts::MUST_BE_AN_OBJECT };
        faults.malformed(Subject::Pointer(pointer), &why);
        return None;
    };
    let mut fields = Fields { entries, known: Vec::new(), pointer, faults };
    let body = B::read(&mut fields);
    fields.finish();
    body
}

/// The fields of one object.
pub struct Fields<'a> {
    entries: Vec<(String, &'a RawValue)>,
    known: Vec<&'static str>,
    pointer: String,
    faults: &'a mut Faults,
}

impl Fields<'_> {
    /// A required string that parses as `T`.
    pub fn text<T: FromStr<Err: Explain>>(&mut self, name: &'static str) -> Option<T> {
        let value = self.required(name)?;
        self.text_of(name, value)
    }

    /// An optional string: `Some(None)` when it is absent, `None` when it is at fault. `null` is at fault.
    pub fn optional_text<T: FromStr<Err: Explain>>(
        &mut self,
        name: &'static str,
    ) -> Option<Option<T>> {
        match self.take(name)? {
            None => Some(None),
            Some(value) => self.text_of(name, value).map(Some),
        }
    }

    /// An optional `true` or `false`; `false` when it is absent.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let flag = match self.take(name)?.map(RawValue::get) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(texts::MUST_BE_A_FLAG),
        };
        self.well_formed(name, flag)
    }

    /// A required whole number that converts to `T`. `1.0`, `1e3` and `"1"` are at fault.
    pub fn whole<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: TryFrom<u64, Error: Explain>,
    {
        let number = self.integer(name)?;
        self.well_formed(name, T::try_from(saturating_unsigned(number)))
    }

    /// An optional whole number, as [`whole`](Self::whole): `Some(None)` when it is absent, `None` when it is at fault.
    pub fn optional_whole<T>(&mut self, name: &'static str) -> Option<Option<T>>
    where
        T: TryFrom<u64, Error: Explain>,
    {
        if self.entries.iter().any(|(given, _)| given == name) {
            return self.whole(name).map(Some);
        }
        self.known.push(name);
        Some(None)
    }

    /// A required whole number of at most 64 bits.
    pub fn integer(&mut self, name: &'static str) -> Option<i64> {
        let text = self.required(name)?.get();
        let number = text.parse().ok().filter(|_| text != "-0");
        self.well_formed(name, number.ok_or(texts::MUST_BE_WHOLE))
    }

    /// A required list of objects. A list of more than `most` has one fault, `too_many`, and its items are not read.
    pub fn list<B: Body>(
        &mut self,
        name: &'static str,
        most: usize,
        too_many: impl Explain,
    ) -> Option<Vec<B>> {
        let value = self.required(name)?;
        let list = serde_json::from_str::<Vec<&RawValue>>(value.get());
        let values = self.well_formed(name, list.map_err(|_| texts::MUST_BE_A_LIST))?;
        if values.len() > most {
            return self.check(name, Err(too_many));
        }
        let pointer = self.pointer_to(name);
        let read = values.into_iter().enumerate();
        // Collects in two steps, because a short-circuiting `collect` would stop at the first faulty item.
        let read: Vec<Option<B>> = read
            .map(|(place, value)| object(value, format!("{pointer}/{place}"), self.faults))
            .collect();
        read.into_iter().collect()
    }

    /// Applies a business limit to a field: an `Err` becomes a fault of that field.
    pub fn check<T>(&mut self, name: &'static str, checked: Result<T, impl Explain>) -> Option<T> {
        let pointer = self.pointer_to(name);
        checked.map_err(|why| self.faults.invalid(Subject::Pointer(pointer), &why)).ok()
    }

    /// Records an `Err` as a fault in the shape of a field.
    fn well_formed<T>(&mut self, name: &'static str, read: Result<T, impl Explain>) -> Option<T> {
        let pointer = self.pointer_to(name);
        read.map_err(|why| self.faults.malformed(Subject::Pointer(pointer), &why)).ok()
    }

    fn text_of<T: FromStr<Err: Explain>>(
        &mut self,
        name: &'static str,
        value: &RawValue,
    ) -> Option<T> {
        let is_text = value.get().starts_with('"');
        let fault = if is_text { texts::NOT_UNICODE } else { texts::MUST_BE_TEXT };
        let text = serde_json::from_str::<String>(value.get()).map_err(|_| fault);
        let text = self.well_formed(name, text)?;
        self.well_formed(name, text.parse())
    }
}

impl<'a> Fields<'a> {
    fn required(&mut self, name: &'static str) -> Option<&'a RawValue> {
        let value = self.take(name)?;
        self.well_formed(name, value.ok_or(texts::IS_MISSING))
    }

    /// The value of a field, if it is present. Two values are a fault.
    #[expect(clippy::option_option, reason = "a field is at fault, absent or present")]
    fn take(&mut self, name: &'static str) -> Option<Option<&'a RawValue>> {
        self.known.push(name);
        let mut given = self.entries.iter().filter(|(given, _)| given == name);
        let (first, second) = (given.next().map(|(_, value)| *value), given.next());
        let once = if second.is_some() { Err(texts::IS_GIVEN_TWICE) } else { Ok(first) };
        self.well_formed(name, once)
    }

    fn finish(self) {
        let unknown = self.entries.iter().filter(|(name, _)| !self.known.contains(&&**name));
        for (name, _) in unknown {
            let Some(name) = self.faults.echo(name) else {
                let why = texts::MORE_UNKNOWN_FIELDS;
                return self.faults.malformed(Subject::Pointer(self.pointer), &why);
            };
            let pointer = self.pointer_to(&escaped(&name));
            self.faults.malformed(Subject::Pointer(pointer), &texts::UNKNOWN_FIELD);
        }
    }

    fn pointer_to(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }
}

/// Escapes a name for a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Converts a number for an unsigned type. Negative numbers become `u64::MAX`, which every limit refuses.
pub fn saturating_unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The entries of an object in their order, with repeated names kept.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries<'de>, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}
