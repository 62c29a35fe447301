//! One configuration and one HTTP client for all AWS clients of the process.
//!
//! Nothing opens a connection, reads a certificate or looks for credentials before the first request, because this
//! would slow down the start. Parsing the certificate bundle of the system alone would double the start-up time of a
//! function.

use std::{env, ffi::OsString, fs, path::PathBuf, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, ecs::EcsCredentialsProvider,
    environment::EnvironmentVariableCredentialsProvider, provider_config::ProviderConfig,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::{HttpClientError, tls::TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::https::Https;

/// The time limit of a connection, TCP and TLS together.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);

/// The time limit of one attempt, from the first byte of the request to the last byte of the reply.
pub const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(2);

/// The time limit of one operation, with all attempts and the waits between them.
pub const OPERATION_TIME_MAX: Duration = Duration::from_secs(5);

/// The SDK's attempts of one operation. The engine and the event sources retry as well.
pub const ATTEMPTS_MAX: u32 = 3;

const _: () = assert!(CONNECT_TIME_MAX.as_millis() < ATTEMPT_TIME_MAX.as_millis());
const _: () = assert!(ATTEMPT_TIME_MAX.as_millis() < OPERATION_TIME_MAX.as_millis());

/// The root certificates of AWS's endpoints: <https://www.amazontrust.com/repository/>.
pub const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// Why AWS clients cannot be configured.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// The file that `AWS_CA_BUNDLE` names cannot be used.
    #[error("AWS_CA_BUNDLE names {}, which is not a readable file of PEM certificates", path.display())]
    CaBundle {
        /// The path that it names.
        path: PathBuf,
        /// Why it cannot be read. `None` if it was read but contains no certificate.
        #[source]
        cause: Option<std::io::Error>,
    },
    /// No region is set.
    #[error("AWS_REGION is not set; Lambda sets it, and outside Lambda you must set it")]
    Region,
    /// The HTTPS client cannot be built.
    #[error("the HTTPS client cannot be built")]
    Https(#[from] HttpClientError),
}

/// The configuration of every AWS client of the process.
///
/// Region, credentials, endpoint, FIPS and dual stack come from the SDK's own environment variables. Lambda sets the
/// first two. The SDK's default chain (profiles, single sign-on, roles to assume, instance metadata) finds nothing more
/// in a function, and makes up a tenth of its size.
///
/// # Errors
/// If no region is set, or `AWS_CA_BUNDLE` does not name a readable file of certificates.
pub fn sdk_config() -> Result<SdkConfig, AwsError> {
    sdk_config_from(|name| env::var_os(name))
}

/// As [`sdk_config`], with variables from a lookup function.
///
/// # Errors
/// As [`sdk_config`].
pub fn sdk_config_from(variable: impl Fn(&str) -> Option<OsString>) -> Result<SdkConfig, AwsError> {
    let text = |name: &str| text(variable(name));
    let flag = |name: &str| text(name).map(|value| value.eq_ignore_ascii_case("true"));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIME_MAX)
        .operation_attempt_timeout(ATTEMPT_TIME_MAX)
        .operation_timeout(OPERATION_TIME_MAX)
        .build();
    // Not adaptive: that mode delays requests in the client, and a function has no time to wait.
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX);
    let https = Https::trusting(Trust::chosen_by(&variable)?.store())?;
    let https = SharedHttpClient::new(https);
    let region = text("AWS_REGION").or_else(|| text("AWS_DEFAULT_REGION"));
    let mut config = SdkConfig::builder()
        // Pinned: a newer version may change what is retried, and when.
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(region.ok_or(AwsError::Region)?))
        .credentials_provider(credentials(
            text("AWS_CONTAINER_CREDENTIALS_FULL_URI").is_some(),
            &https,
        ))
        .http_client(https)
        .timeout_config(timeouts)
        .retry_config(retries);
    config.set_endpoint_url(text("AWS_ENDPOINT_URL"));
    config.set_use_fips(flag("AWS_USE_FIPS_ENDPOINT"));
    config.set_use_dual_stack(flag("AWS_USE_DUALSTACK_ENDPOINT"));
    Ok(config.build())
}

/// The function's credentials: from environment variables or, if the environment outlives them, from a local endpoint
/// of Lambda.
fn credentials(is_endpoint: bool, https: &SharedHttpClient) -> SharedCredentialsProvider {
    if !is_endpoint {
        return SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    }
    let provider = ProviderConfig::default().with_http_client(https.clone());
    SharedCredentialsProvider::new(EcsCredentialsProvider::builder().configure(&provider).build())
}

fn text(value: Option<OsString>) -> Option<String> {
    let value = value?.into_string().ok()?;
    (!value.is_empty()).then_some(value)
}

/// Which root certificates to trust.
#[derive(Debug)]
enum Trust {
    /// The roots of AWS's endpoints, which are part of this crate.
    Amazon,
    /// The bundle of the system, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    System,
    /// The certificates of `AWS_CA_BUNDLE`.
    Bundle(Vec<u8>),
}

impl Trust {
    /// In this order: `AWS_CA_BUNDLE`, `TRUST_STORE=system`, partitions with their own roots, `SSL_CERT_FILE`.
    fn chosen_by(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, AwsError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        if let Some(path) = variable("AWS_CA_BUNDLE") {
            return Self::bundle(path.into());
        }
        let region = variable("AWS_REGION").unwrap_or_default();
        let region = region.to_string_lossy();
        let has_own_roots = region.starts_with("cn-") || region.contains("-iso");
        let wants_system = variable("TRUST_STORE").is_some_and(|store| store == "system");
        if wants_system || has_own_roots || variable("SSL_CERT_FILE").is_some() {
            return Ok(Self::System);
        }
        Ok(Self::Amazon)
    }

    fn bundle(path: PathBuf) -> Result<Self, AwsError> {
        let begin = b"-----BEGIN CERTIFICATE-----";
        match fs::read(&path) {
            Ok(pem) if pem.windows(begin.len()).any(|text| text == begin) => Ok(Self::Bundle(pem)),
            Ok(_) => Err(AwsError::CaBundle { path, cause: None }),
            Err(cause) => Err(AwsError::CaBundle { path, cause: Some(cause) }),
        }
    }

    fn store(&self) -> TrustStore {
        match self {
            Self::Amazon => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
            Self::System => TrustStore::default(),
            Self::Bundle(pem) => TrustStore::empty().with_pem_certificate(pem.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_http_client::{
        Connector,
        tls::{Provider, rustls_provider::CryptoMode},
    };

    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> Result<Trust, AwsError> {
        Trust::chosen_by(|wanted| {
            let mut all = variables.iter();
            let (_, value) = all.find(|(name, _)| *name == wanted)?;
            Some((*value).into())
        })
    }

    /// A connector panics on a certificate that it cannot read.
    fn assert_connects(trust: &Trust) {
        let https = Https::trusting(trust.store()).unwrap();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(https.tls);
        drop(connector.build());
    }

    #[test]
    fn amazons_roots_are_five_readable_certificates() {
        let begins = "-----BEGIN CERTIFICATE-----";
        let pem = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        assert_eq!(pem.matches(begins).count(), 5);
        assert_connects(&Trust::Amazon);
    }

    #[test]
    fn the_environment_chooses_the_trusted_roots() {
        for (variables, is_system) in [
            (&[][..], false),
            (&[("AWS_REGION", "eu-west-1")], false),
            (&[("AWS_REGION", "us-gov-west-1")], false),
            (&[("AWS_REGION", "cn-north-1")], true),
            (&[("AWS_REGION", "us-iso-east-1")], true),
            (&[("TRUST_STORE", "system")], true),
            (&[("TRUST_STORE", "amazon")], false),
            (&[("SSL_CERT_FILE", "/etc/ssl/cert.pem")], true),
            (&[("SSL_CERT_FILE", ""), ("AWS_CA_BUNDLE", "")], false),
        ] {
            let trust = chosen(variables).unwrap();
            let expected = matches!(trust, Trust::System);
            assert_eq!(expected, is_system, "{variables:?}: {trust:?}");
        }
    }

    #[test]
    fn a_bundle_of_certificates_is_used_and_anything_else_is_an_error() {
        let roots = concat!(env!("CARGO_MANIFEST_DIR"), "/src/amazon-roots.pem");
        let trust = chosen(&[("AWS_CA_BUNDLE", roots), ("TRUST_STORE", "system")]).unwrap();
        assert!(matches!(trust, Trust::Bundle(_)), "{trust:?}");
        assert_connects(&trust);
        for path in ["/no/such/file", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
            let error = chosen(&[("AWS_CA_BUNDLE", path)]).unwrap_err();
            assert!(error.to_string().contains(path), "{error}");
        }
    }
}
