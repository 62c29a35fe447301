//! Reading a JSON object strictly, field by field.
//!
//! Not by derived deserialization, which stops at its first error, takes the last of two equal names, and takes an
//! array of values for an object. Here each field is known, given once, and exactly what the contract says; and a client
//! learns of all its mistakes in one answer.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    faults::Faults,
    problem::{Kind, Problem},
};

/// A request's body as a type: every field is read by its name, and what is wrong goes to the faults.
pub trait Body: Sized {
    /// What it is when all fields are well-formed but one breaks a business limit.
    const INVALID: Kind = Kind::MALFORMED;

    /// Reads the fields. None when one of them is at fault.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// Reads a body.
///
/// # Errors
/// A problem that names every field at fault.
pub(crate) fn parse<B: Body>(bytes: &[u8]) -> Result<B, Problem> {
    let malformed = |why: &str| Problem::new(Kind::MALFORMED, format!("The body {why}."));
    if bytes.is_empty() {
        return Err(malformed("is empty; it must be a JSON object"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("is not UTF-8"))?;
    // The whole syntax is checked here, without recursion: nesting costs no stack.
    let value: &RawValue =
        serde_json::from_str(text).map_err(|cause| malformed(&format!("is not JSON: {cause}")))?;
    let mut faults = Faults::none();
    let body = object(value, String::new(), &mut faults);
    match body {
        Some(body) if faults.are_none() => Ok(body),
        Some(_) | None => Err(faults.refusal(B::INVALID)),
    }
}

fn object<B: Body>(value: &RawValue, pointer: String, faults: &mut Faults) -> Option<B> {
    let Ok(Entries(entries)) = serde_json::from_str(value.get()) else {
        let is_object = value.get().starts_with('{');
        let why =
            if is_object { "has a name that is not Unicode" } else { "must be a JSON object" };
        faults.malformed(pointer, why);
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
    /// A text that must be there and be a `T`.
    pub fn text<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        let value = self.needed(name)?;
        self.text_of(name, value)
    }

    /// A text that may be left out: `Some(None)` then.
    pub fn optional_text<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &'static str,
    ) -> Option<Option<T>> {
        match self.take(name)? {
            None => Some(None),
            Some(value) => self.text_of(name, value).map(Some),
        }
    }

    /// A whole number that must be there and be a `T`. Only digits are one: not `1.0`, `1e3` or `"1"`.
    pub fn whole<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: TryFrom<u64, Error: fmt::Display>,
    {
        let number = self.integer(name)?;
        self.well_formed(name, T::try_from(unsigned(number)))
    }

    /// A whole number that must be there.
    pub fn integer(&mut self, name: &'static str) -> Option<i64> {
        let text = self.needed(name)?.get();
        let number = text.parse().ok().filter(|_| text != "-0");
        self.well_formed(name, number.ok_or("must be a whole number of at most 64 bits"))
    }

    /// A list of objects that must be there. Of more than `most` only the number is told.
    pub fn list<B: Body>(
        &mut self,
        name: &'static str,
        most: usize,
        too_many: impl fmt::Display,
    ) -> Option<Vec<B>> {
        let value = self.needed(name)?;
        let list = serde_json::from_str::<Vec<&RawValue>>(value.get());
        let values = self.well_formed(name, list.map_err(|_| "must be a list"))?;
        if values.len() > most {
            return self.check(name, Err(too_many));
        }
        let pointer = self.pointer_to(name);
        let read = values.into_iter().enumerate();
        // Not a short-circuiting collect: every element tells its own faults.
        let read: Vec<Option<B>> = read
            .map(|(place, value)| object(value, format!("{pointer}/{place}"), self.faults))
            .collect();
        read.into_iter().collect()
    }

    /// What a business limit says of a field.
    pub fn check<T>(
        &mut self,
        name: &'static str,
        checked: Result<T, impl fmt::Display>,
    ) -> Option<T> {
        let pointer = self.pointer_to(name);
        checked.map_err(|why| self.faults.invalid(pointer, why)).ok()
    }

    /// What the contract's shape says of a field.
    fn well_formed<T>(
        &mut self,
        name: &'static str,
        read: Result<T, impl fmt::Display>,
    ) -> Option<T> {
        let pointer = self.pointer_to(name);
        read.map_err(|why| self.faults.malformed(pointer, why)).ok()
    }

    fn text_of<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &'static str,
        value: &RawValue,
    ) -> Option<T> {
        let is_text = value.get().starts_with('"');
        let fault = if is_text { "holds what is not Unicode" } else { "must be a string" };
        let text = serde_json::from_str::<String>(value.get()).map_err(|_| fault);
        let text = self.well_formed(name, text)?;
        self.well_formed(name, text.parse())
    }
}

impl<'a> Fields<'a> {
    fn needed(&mut self, name: &'static str) -> Option<&'a RawValue> {
        let value = self.take(name)?;
        self.well_formed(name, value.ok_or("is missing"))
    }

    /// The value of a field, if it is there. At fault when it is there twice.
    #[expect(clippy::option_option, reason = "at fault, absent and present are three things")]
    fn take(&mut self, name: &'static str) -> Option<Option<&'a RawValue>> {
        self.known.push(name);
        let mut given = self.entries.iter().filter(|(given, _)| given == name);
        let (first, second) = (given.next().map(|(_, value)| *value), given.next());
        let once = if second.is_some() { Err("is given twice") } else { Ok(first) };
        self.well_formed(name, once)
    }

    fn finish(self) {
        let unknown = self.entries.iter().filter(|(name, _)| !self.known.contains(&&**name));
        for (name, _) in unknown {
            let Some(name) = self.faults.repeated(name) else {
                let why = "holds more fields that are not known";
                return self.faults.malformed(self.pointer, why);
            };
            let pointer = self.pointer_to(&escaped(&name));
            self.faults.malformed(pointer, "is not a known field");
        }
    }

    fn pointer_to(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }
}

/// A name as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A number for a type that takes none below zero: those become the largest one, which no limit of ours allows.
pub fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The entries of an object, as they stand there: also those whose name was there before.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
