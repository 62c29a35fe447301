//! The connection pool of the process: HTTP/1.1 over TLS, through a proxy if one is set.
//!
//! The SDK's own client (`aws-smithy-http-client`) always links HTTP/2, which no service of AWS needs that a function
//! calls. ADR 4 has the figures.

use std::{error::Error, fmt, io, sync::Arc, time::Duration};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connection::{CaptureSmithyConnection, ConnectionMetadata},
        http::{HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
};
use aws_smithy_types::{body::SdkBody, retry::ErrorKind};
use futures_util::{TryFutureExt as _, future::Either};
use http::{Extensions, Uri, uri::Scheme};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{
    client::{
        legacy::{
            self, Client,
            connect::{
                CaptureConnection, Connect, HttpConnector as Tcp, HttpInfo, capture_connection,
                proxy::Tunnel,
            },
        },
        proxy::matcher::Matcher,
    },
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;
use tower::{Service as _, service_fn};

/// A pool for AWS's services. It connects through the proxy that `proxies` names for an address. Plain HTTP goes the
/// direct way: only endpoints in the function's own environment and emulators speak it.
pub(crate) fn pool(
    settings: &HttpConnectorSettings,
    tls: Arc<ClientConfig>,
    proxies: Arc<Matcher>,
) -> SharedHttpConnector {
    let tcp = tcp();
    let to_proxy = HttpsConnector::from((tcp.clone(), Arc::clone(&tls)));
    let stream = service_fn(move |to: Uri| {
        let is_tls = to.scheme() == Some(&Scheme::HTTPS);
        let proxy = is_tls.then(|| proxies.intercept(&to)).flatten();
        match &proxy {
            None => Either::Left(
                tcp.clone().call(to).map_ok(MaybeHttpsStream::Http).map_err(io::Error::other),
            ),
            Some(proxy) => {
                let tunnel = Tunnel::new(proxy.uri().clone(), to_proxy.clone());
                let mut tunnel = match proxy.basic_auth() {
                    Some(password) => tunnel.with_auth(password.clone()),
                    None => tunnel,
                };
                Either::Right(tunnel.call(to).map_err(io::Error::other))
            }
        }
    });
    let https = HttpsConnector::from((stream, tls));
    let time_max = settings.connect_timeout();
    // Not `oneshot`, here and above: a connector is always ready.
    let connect = service_fn(move |to: Uri| {
        let connecting = https.clone().call(to);
        Box::pin(within(time_max, "connection", connecting))
    });
    pooled(settings, connect)
}

/// A pool for plain HTTP to an address beside the function.
#[cfg(feature = "otlp")]
pub(crate) fn plain_pool() -> SharedHttpConnector {
    pooled(&HttpConnectorSettings::builder().build(), tcp())
}

fn tcp() -> Tcp {
    let mut tcp = Tcp::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp
}

fn pooled<C>(settings: &HttpConnectorSettings, connect: C) -> SharedHttpConnector
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let mut client = Client::builder(TokioExecutor::new());
    // Without a timer, connections would stay idle without end.
    let client = client.pool_timer(TokioTimer::new()).build(connect);
    SharedHttpConnector::new(Pool { client, read_time_max: settings.read_timeout() })
}

struct Pool<C> {
    client: Client<C, SdkBody>,
    read_time_max: Option<Duration>,
}

impl<C> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

impl<C: Connect + Clone + Send + Sync + 'static> HttpConnector for Pool<C> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(cause) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(cause.into())));
            }
        };
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let answer = self.client.request(request);
        let time_max = self.read_time_max;
        HttpConnectorFuture::new(async move {
            let answer = within(time_max, "answer", answer.err_into()).await.map_err(classified)?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|cause| ConnectorError::other(cause.into(), None))
        })
    }
}

/// What the SDK needs of a connection: it takes one out of the pool after an error of the service.
fn metadata(captured: &CaptureConnection) -> Option<ConnectionMetadata> {
    let mut extras = Extensions::new();
    captured.connection_metadata().as_ref()?.get_extras(&mut extras);
    let info = extras.get::<HttpInfo>();
    let captured = captured.clone();
    let mut metadata = ConnectionMetadata::builder().proxied(false).poison_fn(move || {
        if let Some(connection) = captured.connection_metadata().as_ref() {
            connection.poison();
        }
    });
    metadata
        .set_local_addr(info.map(HttpInfo::local_addr))
        .set_remote_addr(info.map(HttpInfo::remote_addr));
    Some(metadata.build())
}

#[derive(Debug, thiserror::Error)]
#[error("no {what} within {time_max:?}")]
struct TooSlow {
    what: &'static str,
    time_max: Duration,
}

async fn within<T>(
    time_max: Option<Duration>,
    what: &'static str,
    work: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, BoxError> {
    let Some(time_max) = time_max else { return work.await };
    let result = tokio::time::timeout(time_max, work).await;
    result.unwrap_or_else(|_| Err(TooSlow { what, time_max }.into()))
}

/// The kind of an error, which decides whether the SDK tries again: as in the SDK's own client.
fn classified(error: BoxError) -> ConnectorError {
    if source::<TooSlow>(&*error).is_some() {
        return ConnectorError::timeout(error);
    }
    let is_io = source::<io::Error>(&*error).is_some();
    let Some(cause) = source::<hyper::Error>(&*error) else {
        let failure = source::<legacy::Error>(&*error);
        return if is_io || failure.is_some_and(legacy::Error::is_connect) {
            ConnectorError::io(error)
        } else {
            ConnectorError::other(error, None)
        };
    };
    if cause.is_timeout() {
        ConnectorError::timeout(error)
    } else if cause.is_user() {
        ConnectorError::user(error)
    } else if cause.is_closed() || cause.is_canceled() || is_io {
        ConnectorError::io(error)
    } else if cause.is_incomplete_message() {
        ConnectorError::other(error, Some(ErrorKind::TransientError))
    } else {
        ConnectorError::other(error, None)
    }
}

/// The first error of a type in a chain of errors.
fn source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref())
}

#[cfg(test)]
mod tests;
