//! The HTTPS client of the process, with its connection pool.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use hyper_util::client::proxy::matcher::Matcher;
use rustls::{ClientConfig, ConfigBuilder, WantsVerifier, crypto::ring};

use crate::{pool::pool, trust::Trust};

/// An HTTPS client that is created at the first request and shared by all AWS clients.
///
/// The default client of the SDK would build a connector with certificates for each AWS client at start, only to
/// validate it.
pub(crate) struct Https {
    versions: ConfigBuilder<ClientConfig, WantsVerifier>,
    trust: Trust,
    proxies: Arc<Matcher>,
    /// It outlives a pool, and with it the TLS sessions that a new connection can resume.
    tls: OnceLock<Arc<ClientConfig>>,
    connector: Slot,
}

/// The current connector, with its connection pool. `None` before the first request and after a call without an answer.
type Slot = Arc<Mutex<Option<SharedHttpConnector>>>;

impl Https {
    pub(crate) fn new(trust: Trust, proxies: Matcher) -> Result<Self, rustls::Error> {
        let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?;
        let (proxies, connector) = (Arc::new(proxies), Slot::default());
        Ok(Self { versions, trust, proxies, tls: OnceLock::new(), connector })
    }

    fn tls(&self) -> Arc<ClientConfig> {
        let tls = self.tls.get_or_init(|| {
            let roots = self.trust.roots();
            Arc::new(self.versions.clone().with_root_certificates(roots).with_no_client_auth())
        });
        Arc::clone(tls)
    }

    fn connect(&self, settings: &HttpConnectorSettings) -> SharedHttpConnector {
        let pool = pool(settings, self.tls(), Arc::clone(&self.proxies));
        SharedHttpConnector::new(FreshAfterSilence { pool, slot: Arc::clone(&self.connector) })
    }
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Https")
    }
}

impl HttpClient for Https {
    /// One connector, and so one connection pool, for all clients: all have the settings of `aws.rs`. (The settings of
    /// the first call are used; only calls for container credentials have other time-outs.)
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let mut slot = locked(&self.connector);
        slot.get_or_insert_with(|| self.connect(settings)).clone()
    }
}

/// A connection pool that is replaced after a call without an answer, so that the next attempt opens a new connection.
///
/// The connections of a frozen function may die unnoticed. With the old pool, each attempt would take another dead
/// connection and wait for its time-out.
struct FreshAfterSilence {
    pool: SharedHttpConnector,
    slot: Slot,
}

impl fmt::Debug for FreshAfterSilence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreshAfterSilence")
    }
}

impl HttpConnector for FreshAfterSilence {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = self.pool.call(request);
        let slot = Arc::clone(&self.slot);
        HttpConnectorFuture::new(async move {
            let mut silence = Silence { slot, is_over: false };
            let answer = call.await;
            silence.is_over = answer.is_ok();
            answer
        })
    }
}

/// Empties the slot if a call ends without an answer, or if its caller drops it.
struct Silence {
    slot: Slot,
    is_over: bool,
}

impl Drop for Silence {
    fn drop(&mut self) {
        if !self.is_over {
            *locked(&self.slot) = None;
        }
    }
}

fn locked(slot: &Slot) -> std::sync::MutexGuard<'_, Option<SharedHttpConnector>> {
    // No code that holds the lock can leave the value inconsistent.
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
