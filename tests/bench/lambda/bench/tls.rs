//! TLS before an endpoint that has none.

use std::{fs, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use crate::Failure;

/// The certificate of who signed the endpoint's.
pub(crate) const TRUSTED: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../infra/local/tls/ca.crt");

const CERTIFICATE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../infra/local/tls/server.crt");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../infra/local/tls/server.key");

/// An address at which the same endpoint speaks TLS, and HTTP/1.1 in it, as DynamoDB does.
pub(crate) async fn before(endpoint: &str) -> Result<String, Failure> {
    let address =
        endpoint.strip_prefix("http://").ok_or("the endpoint has TLS already")?.to_owned();
    let certificates =
        CertificateDer::pem_slice_iter(&fs::read(CERTIFICATE)?).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(&fs::read(KEY)?)?;
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let https = format!("https://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(acceptor.clone(), client, address.clone()));
        }
    });
    Ok(https)
}

/// A function that ends in the middle of a call is not a failure. Without `set_nodelay`, both sides would wait 40 ms for each
/// other's acknowledgement.
async fn pass(acceptor: TlsAcceptor, client: TcpStream, address: String) {
    let _ = client.set_nodelay(true);
    let Ok(mut client) = acceptor.accept(client).await else { return };
    if let Ok(mut server) = TcpStream::connect(address).await {
        let _ = server.set_nodelay(true);
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
