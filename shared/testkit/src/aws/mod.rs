//! The AWS SDK's clients on a scripted HTTP layer: real requests, real retries, scripted replies.

mod buses;
mod tables;

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig};
use aws_types::{SdkConfig, region::Region};

pub use buses::FakeBuses;
pub use tables::{event_table, view_table};

/// What happens to one request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// It is answered with this status and body, and not carried out.
    Says(u16, String),
    /// It is lost, and not carried out.
    Lost,
    /// The service behind carries it out, and the answer is lost.
    CarriedOutAndLost,
    /// The service behind carries it out and answers.
    CarriedOut,
}

impl Reply {
    /// An error of a service that speaks JSON.
    #[must_use]
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({ "__type": code, "message": message });
        Self::Says(status, body.to_string())
    }
}

/// An HTTP client that replies by a script and records the requests. After the script's end, the service behind
/// answers.
#[derive(Clone)]
pub struct ScriptedHttp {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    requests: Arc<Mutex<Vec<String>>>,
    behind: Option<SharedHttpClient>,
}

impl fmt::Debug for ScriptedHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedHttp")
    }
}

impl ScriptedHttp {
    /// Sends these replies, one for each request. There is no service behind it.
    #[must_use]
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
            requests: Arc::default(),
            behind: None,
        }
    }

    /// The same in front of a real service.
    #[must_use]
    pub fn in_front_of(replies: impl IntoIterator<Item = Reply>, behind: SharedHttpClient) -> Self {
        Self { behind: Some(behind), ..Self::new(replies) }
    }

    /// The bodies of all requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// A configuration with this HTTP client and the retries of a real one, but without their waits.
    #[must_use]
    pub fn config(&self) -> SdkConfig {
        config("http://127.0.0.1:1", self.clone())
    }
}

/// A configuration for a service on this machine, with the retries of a real one, but without their waits.
#[must_use]
pub fn config(endpoint: &str, http_client: impl HttpClient + 'static) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(1))
        .with_max_backoff(Duration::from_millis(2));
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .http_client(http_client)
        .retry_config(retries)
        .sleep_impl(TokioSleep::new())
        .build()
}

#[derive(Clone, Debug)]
struct ScriptedConnector {
    script: ScriptedHttp,
    behind: Option<SharedHttpConnector>,
}

impl HttpClient for ScriptedHttp {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let behind = self.behind.as_ref();
        SharedHttpConnector::new(ScriptedConnector {
            script: self.clone(),
            behind: behind.map(|behind| behind.http_connector(settings, components)),
        })
    }
}

impl HttpConnector for ScriptedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let body = String::from_utf8_lossy(body).into_owned();
        self.script.requests.lock().unwrap().push(body);
        let reply = self.script.replies.lock().unwrap().pop_front();
        let carry_out = |request| match &self.behind {
            Some(behind) => behind.call(request),
            None => panic!("more requests than replies, and no service behind them"),
        };
        match reply.unwrap_or(Reply::CarriedOut) {
            Reply::Says(status, body) => {
                let status = status.try_into().unwrap();
                HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
            }
            Reply::Lost => HttpConnectorFuture::ready(Err(lost())),
            Reply::CarriedOut => carry_out(request),
            Reply::CarriedOutAndLost => {
                let carried_out = carry_out(request);
                HttpConnectorFuture::new(async move {
                    carried_out.await?;
                    Err(lost())
                })
            }
        }
    }
}

fn lost() -> ConnectorError {
    ConnectorError::io("the connection broke".into())
}
