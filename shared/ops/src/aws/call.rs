//! One signed call to any service of AWS, in its protocol.

use std::{path::Path, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials as _, error::CredentialsError},
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, HttpConnectorSettings, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use dekigoto::{Host as _, SystemHost};
use serde_json::Value;

use super::{
    answer::{Answer, Asked, failure},
    sign::{Request, signature},
};
use crate::failure::{Failure, Kind};

/// The time limit of a connection.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// The time limit of one call. The longest is an invocation of the publisher, which takes up to a minute.
const CALL_TIME_MAX: Duration = Duration::from_secs(90);

/// The SHA-256 digest of an empty body.
const SHA256_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Attempts of a call that AWS was too busy for, or that got no answer. Every call of this crate may be repeated.
const ATTEMPTS_MAX: u32 = 3;

/// Where and as whom to call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The region; by default that of the environment or the profile.
    pub(crate) region: Option<String>,
    /// The profile of the AWS configuration.
    pub(crate) profile: Option<String>,
    /// The endpoint of an emulator.
    pub(crate) endpoint: Option<String>,
    /// A file of certificates to trust.
    pub(crate) ca_bundle: Option<String>,
}

/// Calls AWS as the operator.
pub(crate) struct Caller {
    connector: SharedHttpConnector,
    /// The configuration of DynamoDB's client.
    pub(crate) config: SdkConfig,
    endpoint: Option<String>,
    region: String,
}

impl Caller {
    /// Reads the operator's configuration: environment, profile, web identity, container or instance. Makes no call.
    ///
    /// # Errors
    /// If there is no region, or the certificates cannot be read.
    pub(crate) async fn new(options: Options) -> Result<Self, Failure> {
        let connector = connector(options.ca_bundle.as_deref())?;
        let shared = connector.clone();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIME_MAX)
            .operation_attempt_timeout(CALL_TIME_MAX)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http_client_fn(move |_, _| shared.clone()))
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX));
        if let Some(profile) = options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = options.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(endpoint) = &options.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let config = loader.load().await;
        let region = config.region().map(ToString::to_string).ok_or_else(|| {
            let next = "name one with `--region`, AWS_REGION or the profile";
            Failure::new(Kind::Argument, "no AWS region is chosen", next)
        })?;
        Ok(Self { connector, config, endpoint: options.endpoint, region })
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// A call of the query protocol: a form in, XML out.
    pub(super) async fn query(
        &self,
        service: &str,
        version: &str,
        asked: Asked<'_>,
        fields: &[(String, String)],
    ) -> Result<String, Failure> {
        let (_, operation) = asked.action.split_once(':').unwrap_or_default();
        let mut form = vec![("Action".to_owned(), operation.to_owned())];
        form.push(("Version".to_owned(), version.to_owned()));
        form.extend_from_slice(fields);
        let form: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let kind = "application/x-www-form-urlencoded";
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        let answer =
            self.call(service, service, "POST", "/", &headers, &form.join("&"), asked).await?;
        Ok(answer.body)
    }

    /// A call of a JSON protocol whose header names the operation.
    pub(super) async fn json(
        &self,
        service: &str,
        target: &str,
        asked: Asked<'_>,
        body: &Value,
    ) -> Result<Value, Failure> {
        let (_, operation) = asked.action.split_once(':').unwrap_or_default();
        let headers = vec![
            ("content-type".to_owned(), "application/x-amz-json-1.0".to_owned()),
            ("x-amz-target".to_owned(), format!("{target}.{operation}")),
        ];
        let signing = if service == "streams.dynamodb" { "dynamodb" } else { service };
        let text = body.to_string();
        let answer = self.call(service, signing, "POST", "/", &headers, &text, asked).await?;
        parsed(asked, &answer)
    }

    /// A call of the REST protocol of Lambda.
    pub(super) async fn rest(
        &self,
        method: &'static str,
        path: &str,
        asked: Asked<'_>,
        body: &str,
    ) -> Result<Answer, Failure> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        self.call("lambda", "lambda", method, path, &headers, body, asked).await
    }

    /// An object of S3. S3 wants the digest of the body in a header, too: that of no body.
    pub(super) async fn object(
        &self,
        bucket: &str,
        key: &str,
        asked: Asked<'_>,
    ) -> Result<Answer, Failure> {
        let headers = vec![("x-amz-content-sha256".to_owned(), SHA256_OF_NOTHING.to_owned())];
        self.call("s3", "s3", "GET", &format!("/{bucket}/{key}"), &headers, "", asked).await
    }

    #[expect(clippy::too_many_arguments, reason = "one place that knows all parts of a request")]
    async fn call(
        &self,
        host: &str,
        signing: &str,
        method: &'static str,
        path: &str,
        headers: &[(String, String)],
        body: &str,
        asked: Asked<'_>,
    ) -> Result<Answer, Failure> {
        let base = self.base(host);
        let url = format!("{base}{path}");
        let request = Request { method, url: &url, headers, body };
        let mut attempt = 1;
        loop {
            let answer = self.attempt(&request, signing).await;
            let failed = match answer {
                Ok(answer) if answer.status < 300 => return Ok(answer),
                Ok(answer) => failure(asked, &answer),
                Err(failed) => failed,
            };
            if failed.kind != Kind::Unreachable || attempt >= ATTEMPTS_MAX {
                return Err(failed);
            }
            SystemHost.sleep(Duration::from_millis(200) * attempt).await;
            attempt += 1;
        }
    }

    fn base(&self, host: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => {
                let suffix = if self.region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://{host}.{}.amazonaws.com{suffix}", self.region)
            }
        }
    }

    async fn attempt(&self, request: &Request<'_>, signing: &str) -> Result<Answer, Failure> {
        let credentials = self.credentials().await?;
        let signed = signature(request, credentials, &self.region, signing);
        let signed = signed.map_err(|what| Failure::new(Kind::Refused, what, "this is a bug"))?;
        let mut sent = HttpRequest::new(SdkBody::from(request.body));
        let invalid =
            |_| Failure::argument(format!("{} is no URL", request.url), "check `--endpoint`");
        sent.set_method(request.method).map_err(|_| invalid(()))?;
        sent.set_uri(request.url.to_owned()).map_err(|_| invalid(()))?;
        for (name, value) in request.headers.iter().chain(&signed) {
            sent.headers_mut().insert(name.clone(), value.clone());
        }
        let answer = self.connector.call(sent).await.map_err(|_| self.silence(request.url))?;
        let status = answer.status().as_u16();
        let header = |name: &str| answer.headers().get(name).map(str::to_owned);
        let error = header("x-amzn-errortype").or_else(|| header("x-amz-function-error"));
        let body = ByteStream::new(answer.into_body()).collect().await;
        let body = body.map_err(|_| self.silence(request.url))?.to_vec();
        Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), error })
    }

    async fn credentials(&self) -> Result<Credentials, Failure> {
        let Some(provider) = self.config.credentials_provider() else {
            return Err(no_credentials());
        };
        provider.provide_credentials().await.map_err(|cause| match cause {
            CredentialsError::ProviderTimedOut(_) => self.silence("the credentials' provider"),
            CredentialsError::ProviderError(_) => Failure::new(
                Kind::Credentials,
                "the credentials of this profile cannot be loaded",
                "sign in again and run `eval \"$(aws configure export-credentials --format env)\"`, which also serves \
                 single sign-on",
            ),
            _ => no_credentials(),
        })
    }

    fn silence(&self, whom: &str) -> Failure {
        Failure::new(
            Kind::Unreachable,
            format!("{} in region {} does not answer", host_of(whom), self.region),
            "check `--region`, `--endpoint` and your network, then try again",
        )
    }
}

fn no_credentials() -> Failure {
    Failure::new(
        Kind::Credentials,
        "there are no AWS credentials",
        "sign in and run `eval \"$(aws configure export-credentials --format env)\"`, or name a `--profile`",
    )
}

fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

fn connector(ca_bundle: Option<&str>) -> Result<SharedHttpConnector, Failure> {
    let roots = match ca_bundle {
        None => TrustStore::default(),
        Some(path) => {
            let pem = std::fs::read(Path::new(path)).map_err(|cause| {
                let what = format!("AWS_CA_BUNDLE names {path}, which cannot be read ({cause})");
                Failure::argument(what, "name a file of PEM certificates")
            })?;
            TrustStore::empty().with_pem_certificate(pem)
        }
    };
    let context = TlsContext::builder().with_trust_store(roots).build();
    let context = context.map_err(|cause| {
        Failure::argument(
            format!("the HTTPS client cannot be built ({cause})"),
            "check AWS_CA_BUNDLE",
        )
    })?;
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIME_MAX)
        .read_timeout(CALL_TIME_MAX)
        .build();
    let mut builder =
        Connector::builder().connector_settings(settings).sleep_impl(TokioSleep::new());
    builder.set_proxy_config(Some(ProxyConfig::from_env()));
    let connector = builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context);
    Ok(SharedHttpConnector::new(connector.build()))
}

pub(super) fn parsed(asked: Asked<'_>, answer: &Answer) -> Result<Value, Failure> {
    if answer.body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&answer.body).map_err(|_| {
        let what = format!("the answer to {} is not JSON", asked.action);
        Failure::new(Kind::Refused, what, "check `--endpoint`")
    })
}

/// Percent-encoded, as a form or a path wants it.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
