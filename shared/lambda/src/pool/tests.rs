use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
};

use aws_smithy_runtime_api::client::result::ConnectorError;
use http_body_util::BodyExt as _;
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use super::*;

/// A file of the certificate for 127.0.0.1, which is a part of the repository and not of the published crate.
fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/local/tls");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const CUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nok";

/// A server on this machine that gives each connection to a function. It sends their numbers.
fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> (u16, Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (accepted, count) = channel();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let _ = accepted.send(number);
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    (port, count)
}

/// Reads the head of a request, which has no body. `None` if the connection ends before.
fn head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    Some(String::from_utf8(head).unwrap())
}

fn answer(mut stream: impl Read + Write, answer: &str) {
    while head(&mut stream).is_some() {
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

fn over_tls(stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    let chain = vec![CertificateDer::from_pem_slice(&file("server.crt")).unwrap()];
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(&file("server.key")).unwrap())
        .unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
}

/// A pool that trusts the test's authority, with time limits and proxies.
fn pool_with(settings: &HttpConnectorSettings, proxies: Matcher) -> SharedHttpConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&file("ca.crt")).unwrap()).unwrap();
    pool(settings, tls(roots), Arc::new(proxies))
}

fn tls(roots: RootCertStore) -> Arc<ClientConfig> {
    let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    Arc::new(versions.with_root_certificates(roots).with_no_client_auth())
}

fn direct() -> Matcher {
    Matcher::builder().build()
}

fn patient() -> HttpConnectorSettings {
    HttpConnectorSettings::builder().build()
}

async fn get(pool: &SharedHttpConnector, url: &str) -> Result<String, ConnectorError> {
    body(pool.call(HttpRequest::get(url).unwrap()).await?).await
}

async fn body(answer: HttpResponse) -> Result<String, ConnectorError> {
    let body = answer.into_body().collect().await;
    let bytes = body.map_err(|cause| ConnectorError::other(cause, None))?.to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

fn whole(error: &ConnectorError) -> String {
    let error: &dyn Error = error;
    let chain = std::iter::successors(Some(error), |&error| error.source());
    chain.map(|error| format!("{error}; ")).collect()
}

#[tokio::test]
async fn a_refused_connection_is_an_io_error() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let pool = pool_with(&patient(), direct());
    let error = get(&pool, &format!("https://{free}")).await.unwrap_err();
    assert!(error.is_io(), "{error:?}");
}

#[tokio::test]
async fn a_tls_handshake_without_an_answer_ends_with_the_time_of_a_connection() {
    let (port, _count) = server(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let limit = Duration::from_millis(200);
    let settings = HttpConnectorSettings::builder().connect_timeout(limit).build();
    let pool = pool_with(&settings, direct());
    let url = format!("https://127.0.0.1:{port}");
    let call = get(&pool, &url);
    let error = tokio::time::timeout(10 * limit, call).await.expect("it ends").unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(whole(&error).contains("no connection within 200ms"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_after_the_time_of_an_answer() {
    let (port, _count) = server(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let limit = Duration::from_millis(200);
    let settings = HttpConnectorSettings::builder().read_timeout(limit).build();
    let pool = pool_with(&settings, direct());
    let url = format!("http://127.0.0.1:{port}");
    let call = get(&pool, &url);
    let error = tokio::time::timeout(10 * limit, call).await.expect("it ends").unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(whole(&error).contains("no answer within 200ms"), "{error:?}");
}

/// The SDK tries again after either.
#[tokio::test]
async fn a_connection_that_ends_without_an_answer_is_a_passing_error() {
    let (port, _count) = server(|mut stream| {
        head(&mut stream);
    });
    let pool = pool_with(&patient(), direct());
    let error = get(&pool, &format!("http://127.0.0.1:{port}")).await.unwrap_err();
    let passes = error.is_io() || error.as_other() == Some(ErrorKind::TransientError);
    assert!(passes, "{error:?}");
}

#[tokio::test]
async fn a_body_that_is_cut_is_an_error() {
    let (port, _count) = server(|mut stream| {
        head(&mut stream);
        stream.write_all(CUT.as_bytes()).unwrap();
    });
    let pool = pool_with(&patient(), direct());
    get(&pool, &format!("http://127.0.0.1:{port}")).await.unwrap_err();
}

#[tokio::test]
async fn an_idle_connection_that_the_server_closed_is_replaced() {
    let (port, count) = server(|mut stream| {
        head(&mut stream);
        stream.write_all(ANSWER.as_bytes()).unwrap();
    });
    let pool = pool_with(&patient(), direct());
    for _ in 0..3 {
        assert_eq!(get(&pool, &format!("http://127.0.0.1:{port}")).await.unwrap(), "ok");
        // The pool learns of the end.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(count.try_iter().count(), 3);
}

/// The SDK takes a connection out of the pool after some errors of a service.
#[tokio::test]
async fn a_connection_is_used_again_until_it_is_poisoned() {
    let (port, count) = server(|stream| answer(stream, ANSWER));
    let pool = pool_with(&patient(), direct());
    let url = format!("http://127.0.0.1:{port}");
    get(&pool, &url).await.unwrap();
    let capture = CaptureSmithyConnection::new();
    let mut request = HttpRequest::get(&url).unwrap();
    request.add_extension(capture.clone());
    let whole = pool.call(request).await.unwrap();
    assert_eq!(count.try_iter().count(), 1, "it is used again");
    let metadata = capture.get().unwrap();
    assert_eq!(metadata.remote_addr().map(|it| it.port()), Some(port));
    metadata.poison();
    body(whole).await.unwrap();
    get(&pool, &url).await.unwrap();
    assert_eq!(count.try_iter().count(), 1, "a poisoned one is replaced");
}

#[tokio::test]
async fn tls_needs_a_trusted_certificate() {
    let (port, _count) = server(|stream| {
        let mut stream = over_tls(stream);
        if head(&mut stream).is_some() {
            stream.write_all(ANSWER.as_bytes()).unwrap();
        }
    });
    let url = format!("https://127.0.0.1:{port}");
    assert_eq!(get(&pool_with(&patient(), direct()), &url).await.unwrap(), "ok");
    let stranger = pool(&patient(), tls(RootCertStore::empty()), Arc::new(direct()));
    let error = get(&stranger, &url).await.unwrap_err();
    assert!(error.is_io(), "{error:?}");
    assert!(whole(&error).contains("UnknownIssuer"), "{}", whole(&error));
}

/// Answers CONNECT, if it is allowed, and passes the bytes on.
fn proxy(allowed: bool) -> (u16, Receiver<String>) {
    let (heads, seen) = channel();
    let (port, _) = server(move |mut stream| {
        let head = head(&mut stream).unwrap();
        let to = head.split(' ').nth(1).unwrap().to_owned();
        heads.send(head).unwrap();
        if !allowed {
            let _ = stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
            return;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let upstream = TcpStream::connect(to).unwrap();
        let (mut from, mut into) = (upstream.try_clone().unwrap(), stream.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut into));
        let (mut from, mut into) = (stream, upstream);
        let _ = std::io::copy(&mut from, &mut into);
    });
    (port, seen)
}

#[tokio::test]
async fn https_goes_through_the_proxy_and_the_rest_does_not() {
    let (port, _count) = server(|stream| answer(over_tls(stream), ANSWER));
    let (plain, _count) = server(|stream| answer(stream, ANSWER));
    let (proxy, seen) = proxy(true);
    let proxies = || Matcher::builder().all(format!("http://user:word@127.0.0.1:{proxy}"));
    let url = format!("https://127.0.0.1:{port}");
    let pool = pool_with(&patient(), proxies().build());
    assert_eq!(get(&pool, &url).await.unwrap(), "ok");
    let head = seen.try_recv().unwrap();
    assert!(head.starts_with(&format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n")), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n"), "{head}");
    assert_eq!(get(&pool, &format!("http://127.0.0.1:{plain}")).await.unwrap(), "ok");
    let around = pool_with(&patient(), proxies().no("127.0.0.1").build());
    assert_eq!(get(&around, &url).await.unwrap(), "ok");
    assert_eq!(seen.try_iter().count(), 0);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_io_error_that_says_why() {
    let (port, _seen) = proxy(false);
    let proxies = Matcher::builder().https(format!("http://127.0.0.1:{port}")).build();
    let error = get(&pool_with(&patient(), proxies), "https://aws.test").await.unwrap_err();
    assert!(error.is_io(), "{error:?}");
    assert!(whole(&error).contains("proxy authorization required"), "{}", whole(&error));
}
