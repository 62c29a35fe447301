//! The HTTPS client of the process, with its pool of connections.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_smithy_http_client::{
    Connector, HttpClientError,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};

/// An HTTPS client that comes into being with the first request, and is then the same for all.
///
/// The SDK's own would build a connector for each client at start, certificates and all, only to validate it.
pub(crate) struct Https {
    pub(crate) tls: TlsContext,
    connector: Slot,
}

/// The connector that is in use, with its pool of connections. None before the first request, and after a call that got no
/// answer.
type Slot = Arc<Mutex<Option<SharedHttpConnector>>>;

impl Https {
    pub(crate) fn trusting(roots: TrustStore) -> Result<Self, HttpClientError> {
        let tls = TlsContext::builder().with_trust_store(roots);
        Ok(Self { tls: tls.build()?, connector: Slot::default() })
    }

    fn connect(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let mut connector = Connector::builder().connector_settings(settings.clone());
        connector
            .set_sleep_impl(components.sleep_impl())
            // HTTPS_PROXY and its kin, as every AWS tool takes them.
            .set_proxy_config(Some(ProxyConfig::from_env()));
        let connector = connector
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(self.tls.clone());
        let pool = SharedHttpConnector::new(connector.build());
        SharedHttpConnector::new(FreshAfterSilence { pool, slot: Arc::clone(&self.connector) })
    }
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Https")
    }
}

impl HttpClient for Https {
    /// One connector, and so one pool of connections, for all: every client of the process has the settings of `aws.rs`.
    /// (The first caller's are taken; only the credentials of a container are asked for with other time-outs.)
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let mut slot = locked(&self.connector);
        slot.get_or_insert_with(|| self.connect(settings, components)).clone()
    }
}

/// A pool of connections that is given up after a call that got no answer: the next attempt opens a connection of its own.
///
/// While a function is frozen, its connections may die without a sign. Then each attempt would take the next dead one from
/// the pool and wait for its time-out.
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

/// Empties the slot when a call ends without an answer, also when its caller stopped waiting and dropped it.
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
    // No code that holds the lock can leave it half-changed.
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
