//! Reading query parameters strictly: each known, each once.

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use dekigoto::Version;
use orders::{CustomerId, OrderId};

use super::{
    App,
    faults::shortened,
    limits::{ECHOED_NAME_BYTES_MAX, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, PARAMETERS_MAX},
    problem::{FieldFault, Kind, Problem},
};

/// The query parameters of one request.
pub(super) struct Params(Vec<(String, String)>);

impl FromRequestParts<App> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, app).await;
        let Query(pairs) = query.map_err(|_| malformed("The query string is unreadable."))?;
        if pairs.len() > PARAMETERS_MAX {
            return Err(malformed(format!("More than {PARAMETERS_MAX} query parameters.")));
        }
        Ok(Self(pairs))
    }
}

impl Params {
    /// Refuses parameters that are not among these, and any that is given twice.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        for (place, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let allowed = if known.is_empty() { "none" } else { &known.join(", ") };
                let name = shortened(name, ECHOED_NAME_BYTES_MAX);
                return Err(malformed(format!("Unknown parameter {name:?}; known: {allowed}.")));
            }
            if self.0.iter().take(place).any(|(earlier, _)| earlier == name) {
                return Err(at(name, "is given twice"));
            }
        }
        Ok(())
    }

    /// A parameter's text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is a version.
    pub(super) fn version(&self, name: &str) -> Result<Option<Version>, Problem> {
        let fault = || at(name, "is a version: a whole number from 1");
        let read = |text: &str| digits(text).and_then(Version::new).ok_or_else(fault);
        self.text(name).map(read).transpose()
    }

    /// The page size.
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        let Some(text) = self.text("limit") else {
            return Ok(PAGE_ITEMS_DEFAULT);
        };
        let fault = || at("limit", &format!("is a whole number from 1 to {PAGE_ITEMS_MAX}"));
        let number =
            digits(text).and_then(|number| u32::try_from(number).ok()).ok_or_else(fault)?;
        if (1..=PAGE_ITEMS_MAX).contains(&number) { Ok(number) } else { Err(fault()) }
    }
}

/// The order that the path names.
pub(super) struct OrderPath(pub(super) OrderId);

impl FromRequestParts<App> for OrderPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        path_text(parts, app)
            .await?
            .parse()
            .map(Self)
            .map_err(|_| malformed("An order id is a UUID in lower case."))
    }
}

/// The customer that the path names.
pub(super) struct CustomerPath(pub(super) CustomerId);

impl FromRequestParts<App> for CustomerPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let customer = path_text(parts, app).await?.parse();
        customer.map(Self).map_err(|cause| malformed(format!("customerId: {cause}.")))
    }
}

/// The only parameter of the path. axum's own refusal would not be a problem of ours.
async fn path_text(parts: &mut Parts, app: &App) -> Result<String, Problem> {
    let path = Path::<String>::from_request_parts(parts, app).await;
    path.map(|Path(text)| text).map_err(|_| malformed("The path is not UTF-8."))
}

/// A refusal of one parameter.
pub(super) fn at(name: &str, what: &str) -> Problem {
    let fault = FieldFault { pointer: format!("?{name}"), detail: what.to_owned() };
    malformed(format!("The parameter {name} {what}.")).with_faults(vec![fault])
}

/// A malformed request.
pub(super) fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Kind::Malformed, detail)
}

fn digits(text: &str) -> Option<u64> {
    // `parse` alone would also take "+1".
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
