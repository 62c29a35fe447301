//! Reading a JSON body strictly, and saying which field is at fault.

use std::{fmt, marker::PhantomData};

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::LengthLimitError;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_path_to_error::Segment;

use super::{
    App,
    limits::{BODY_BYTES_MAX, ECHO_BYTES_MAX},
    problem::{FieldFault, Kind, Problem},
};

/// A JSON object, and nothing else: serde's own structs also take an array of their fields in order, which no contract
/// mentions and which would put a value under the wrong name.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, fields: M) -> Result<T, M::Error> {
                T::deserialize(MapAccessDeserializer::new(fields))
            }
        }

        deserializer.deserialize_map(Fields(PhantomData)).map(Self)
    }
}

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A body that must be there.
pub(super) struct Json<T>(pub(super) T);

/// A body that may be left out or be `{}`.
pub(super) struct OptionalJson<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request).await?;
        must_be_json(&headers)?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        must_be_json(&headers)?;
        parse(&bytes).map(Self)
    }
}

async fn read(request: Request) -> Result<axum::body::Bytes, Problem> {
    to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|cause| {
        let is_too_long = std::error::Error::source(&cause)
            .is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
        if is_too_long {
            let detail = format!("The body is over {BODY_BYTES_MAX} bytes.");
            return Problem::new(Kind::PayloadTooLarge, detail);
        }
        let detail = "The body broke off, or is not encoded as it says. Send it again.";
        Problem::new(Kind::Malformed, detail).because(cause)
    })
}

/// Only JSON in UTF-8 as it is: a compressed body could unfold to any size.
fn must_be_json(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encoding = text(header::CONTENT_ENCODING).trim();
    let mut parts = text(header::CONTENT_TYPE).split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|it| it.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        Some(_) | None => true,
    });
    let is_plain = encoding.is_empty() || encoding.eq_ignore_ascii_case("identity");
    if is_json && is_utf8 && is_plain {
        return Ok(());
    }
    let detail = "Send Content-Type: application/json, in UTF-8 and without Content-Encoding.";
    Err(Problem::new(Kind::UnsupportedMediaType, detail))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        return Err(Problem::new(Kind::Malformed, "The body is empty; it must be a JSON object."));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Object(value) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let detail = shortened(&error.inner().to_string());
        if !error.inner().is_data() {
            return Problem::new(Kind::Malformed, format!("The body is not JSON: {detail}."));
        }
        let pointer = shortened(&error.path().iter().map(pointer_part).collect::<String>());
        malformed_fields(vec![FieldFault { pointer, detail }])
    })?;
    json.end().map_err(|_| Problem::new(Kind::Malformed, "Something follows the JSON value."))?;
    Ok(value)
}

/// A problem that names the fields at fault.
pub(super) fn malformed_fields(faults: Vec<FieldFault>) -> Problem {
    let detail = "The body does not have the documented shape; see errors.";
    Problem::new(Kind::Malformed, detail).with_faults(faults)
}

fn pointer_part(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } | Segment::Enum { variant: key } => {
            format!("/{}", key.replace('~', "~0").replace('/', "~1"))
        }
        Segment::Unknown => String::new(),
    }
}

/// Text that may repeat input, cut so that an answer cannot be made to carry much of it.
pub(super) fn shortened(text: &str) -> String {
    if text.len() <= ECHO_BYTES_MAX {
        return text.to_owned();
    }
    let end = (0..=ECHO_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}
