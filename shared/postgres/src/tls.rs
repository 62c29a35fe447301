//! TLS to the server.

use std::sync::Arc;

use dekigoto::StoreFailure;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// TLS that trusts the authorities in a PEM file, and no others: for [`Postgres::new`](crate::Postgres::new).
///
/// # Errors
/// When the text holds no certificate, or one that cannot be read.
pub fn tls_trusting(pem: &[u8]) -> Result<ClientConfig, StoreFailure> {
    let unreadable = |reason: String| StoreFailure::broken("PostgreSQL certificates", reason);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|cause| unreadable(format!("{cause:?}")))?;
        roots.add(certificate).map_err(|cause| unreadable(cause.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("the file holds no certificate".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| unreadable(cause.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
