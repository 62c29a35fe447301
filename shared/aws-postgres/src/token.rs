//! Tokens that RDS takes as passwords: a signed request that is never sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials as _, SharedCredentialsProvider},
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use dekigoto::{Host as _, Source, SystemHost};
use dekigoto_postgres::{Passwords, RdsPlace};

/// How long RDS takes a token, for new connections.
pub const TOKEN_TIME: Duration = Duration::from_secs(15 * 60);

/// What a token's text lacks in front of it to be a URL.
const SCHEME: &str = "https://";

/// Makes the passwords of one user of RDS, or of RDS Proxy, from the function's role.
#[derive(Debug)]
pub struct RdsTokens {
    place: RdsPlace,
    region: String,
    credentials: SharedCredentialsProvider,
}

impl RdsTokens {
    /// For this user.
    #[must_use]
    pub fn new(
        place: RdsPlace,
        region: impl Into<String>,
        credentials: SharedCredentialsProvider,
    ) -> Self {
        Self { place, region: region.into(), credentials }
    }
}

#[async_trait]
impl Passwords for RdsTokens {
    async fn next(&self) -> Result<String, Source> {
        let credentials = self.credentials.provide_credentials().await?;
        let millis = u64::try_from(SystemHost.now().as_millis()).unwrap_or(0);
        let now = UNIX_EPOCH + Duration::from_millis(millis);
        rds_token(&self.place, &self.region, credentials, now)
    }
}

/// The token of a user at this moment.
///
/// # Errors
/// When the place is no host, or the request cannot be signed.
pub fn rds_token(
    place: &RdsPlace,
    region: &str,
    credentials: Credentials,
    now: SystemTime,
) -> Result<String, Source> {
    let RdsPlace { host, port, user, .. } = place;
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(TOKEN_TIME);
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(now)
        .settings(settings)
        .build()?;
    let url = format!("{SCHEME}{host}:{port}/?Action=connect&DBUser={user}");
    let nothing = SignableBody::Bytes(&[]);
    let request = SignableRequest::new("GET", &url, std::iter::empty(), nothing)?;
    let (instructions, _) = sign(request, &params.into())?.into_parts();
    let mut token = url.trim_start_matches(SCHEME).to_owned();
    for (name, value) in instructions.params() {
        token.push_str(&format!("&{name}={}", encoded(value)));
    }
    Ok(token)
}

/// Percent-encoded, as a signature needs it.
fn encoded(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    value.bytes().map(byte).collect()
}
