//! One configuration and one HTTP client for all AWS clients of the process.
//!
//! Nothing opens a connection, reads a certificate or looks for credentials before the first request, because this
//! would slow down the start. Parsing the certificate bundle of the system alone would double the start-up time of a
//! function.

use std::{env, ffi::OsString, path::PathBuf, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, ecs::EcsCredentialsProvider,
    environment::EnvironmentVariableCredentialsProvider, provider_config::ProviderConfig,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use hyper_util::client::proxy::matcher::Matcher;

use crate::{https::Https, trust::Trust};

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
    Https(#[source] Box<dyn std::error::Error + Send + Sync>),
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
    let https = Https::new(Trust::chosen_by(&variable)?, proxies(text))
        .map_err(|cause| AwsError::Https(cause.into()))?;
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

/// The proxies that the environment names, as for other AWS tools. `pool.rs` connects to AWS through them.
fn proxies(text: impl Fn(&str) -> Option<String>) -> Matcher {
    let either = |upper, lower| text(upper).or_else(|| text(lower)).unwrap_or_default();
    Matcher::builder()
        .all(either("ALL_PROXY", "all_proxy"))
        .https(either("HTTPS_PROXY", "https_proxy"))
        .no(either("NO_PROXY", "no_proxy"))
        .build()
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
