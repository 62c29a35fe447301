//! Signature Version 4 of one request.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use dekigoto::{Host as _, SystemHost};

/// A request before it is signed.
pub(super) struct Request<'a> {
    pub(super) method: &'static str,
    pub(super) url: &'a str,
    pub(super) headers: &'a [(String, String)],
    pub(super) body: &'a str,
}

/// The headers that the signature adds.
pub(super) fn signature(
    request: &Request<'_>,
    credentials: Credentials,
    region: &str,
    service: &str,
) -> Result<Vec<(String, String)>, String> {
    let identity = credentials.into();
    let millis = u64::try_from(SystemHost.now().as_millis()).unwrap_or(0);
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(UNIX_EPOCH + Duration::from_millis(millis))
        .settings(SigningSettings::default())
        .build()
        .map_err(|cause| cause.to_string())?;
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let body = SignableBody::Bytes(request.body.as_bytes());
    let signable = SignableRequest::new(request.method, request.url, headers, body);
    let signed = sign(signable.map_err(|cause| cause.to_string())?, &params.into());
    let (instructions, _) = signed.map_err(|cause| cause.to_string())?.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
