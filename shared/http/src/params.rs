//! Reads query parameters strictly: each must be known and appear once.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use dekigoto::{Explain, Text, Version};

use crate::{
    app::App,
    faults::Faults,
    limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, PARAMETERS_MAX},
    problem::{FieldFault, Kind, Problem, Subject},
    texts,
};

/// The query parameters of one request. Read each by its name, then call [`finish`](Self::finish).
///
/// Readers return `None` for an absent or faulty parameter; `finish` refuses the faulty ones.
pub struct Params {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Faults,
}

impl FromRequestParts<App> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, app).await;
        let Query(pairs) = query.map_err(|_| malformed_request(texts::UNREADABLE_QUERY))?;
        if pairs.len() > PARAMETERS_MAX {
            return Err(malformed_request(texts::too_many_parameters(PARAMETERS_MAX)));
        }
        Ok(Self { pairs, known: Vec::new(), faults: Faults::default() })
    }
}

impl Params {
    /// An optional parameter that parses as `T`.
    pub fn read<T: FromStr<Err: Explain>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        self.well_formed(name, text.parse())
    }

    /// A required parameter that parses as `T`.
    pub fn required<T: FromStr<Err: Explain>>(&mut self, name: &'static str) -> Option<T> {
        if !self.pairs.iter().any(|(given, _)| given == name) {
            self.known.push(name);
            return self.well_formed(name, Err(texts::IS_MISSING));
        }
        self.read(name)
    }

    /// An optional parameter's text.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let mut given = self.pairs.iter().filter(|(given, _)| given == name);
        let (first, second) = (given.next().map(|(_, value)| value.clone()), given.next());
        let once = if second.is_some() { Err(texts::IS_GIVEN_TWICE) } else { Ok(first) };
        self.well_formed(name, once).flatten()
    }

    /// An optional parameter that is a version.
    pub fn version(&mut self, name: &'static str) -> Option<Version> {
        let text = self.text(name)?;
        let version = digits(&text).and_then(Version::new);
        self.well_formed(name, version.ok_or(texts::MUST_BE_A_VERSION))
    }

    /// The page size, from the parameter `limit`.
    pub fn limit(&mut self) -> u32 {
        let Some(text) = self.text("limit") else {
            return PAGE_ITEMS_DEFAULT;
        };
        let number = digits(&text).and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (1..=PAGE_ITEMS_MAX).contains(number));
        let why = || texts::between_1_and(PAGE_ITEMS_MAX);
        self.well_formed("limit", number.ok_or_else(why)).unwrap_or(PAGE_ITEMS_DEFAULT)
    }

    /// Ends the reading. Parameters that were not read are unknown.
    ///
    /// # Errors
    /// One problem that lists every faulty and every unknown parameter.
    pub fn finish(self) -> Result<(), Problem> {
        self.finish_with(Some(()))
    }

    /// As [`finish`](Self::finish), and returns what was read of the required parameters.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_with<T>(mut self, read: Option<T>) -> Result<T, Problem> {
        for (name, _) in &self.pairs {
            if !self.known.contains(&&**name) {
                let name = self.faults.echo(name).unwrap_or_default();
                let why = texts::unknown_parameter(&self.known);
                self.faults.malformed(Subject::Parameter(name), &why);
            }
        }
        match read {
            Some(read) if self.faults.is_empty() => Ok(read),
            Some(_) | None => Err(self.faults.refusal(Kind::MALFORMED)),
        }
    }

    fn well_formed<T>(&mut self, name: &str, read: Result<T, impl Explain>) -> Option<T> {
        read.map_err(|why| self.faults.malformed(Subject::Parameter(name.to_owned()), &why)).ok()
    }
}

/// Extracts the single parameter of the path, usually the id of an aggregate.
pub struct PathId<T>(pub T);

impl<T: FromStr<Err: Explain>> FromRequestParts<App> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let id = path_text(parts, app).await?.parse();
        id.map(Self).map_err(|cause: T::Err| malformed_request(texts::bad_id(&cause)))
    }
}

/// The single parameter of the path. Use it to extract a type from the path: axum's own rejection would not be a
/// problem of the contract.
///
/// # Errors
/// A problem when the path is not UTF-8.
pub async fn path_text(parts: &mut Parts, app: &App) -> Result<String, Problem> {
    let path = Path::<String>::from_request_parts(parts, app).await;
    path.map(|Path(text)| text).map_err(|_| malformed_request(texts::PATH_IS_NOT_UTF_8))
}

/// A problem with one query parameter.
pub fn bad_parameter(name: &str, what: Text) -> Problem {
    let subject = Subject::Parameter(name.to_owned());
    let sentence = Text::about(&subject.to_string(), &what);
    malformed_request(sentence).with_faults(vec![FieldFault { subject, detail: what }])
}

/// A problem of the kind [`Kind::MALFORMED`].
#[must_use]
pub fn malformed_request(detail: Text) -> Problem {
    Problem::told(Kind::MALFORMED, detail)
}

fn digits(text: &str) -> Option<u64> {
    // `parse` alone would also take "+1".
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
