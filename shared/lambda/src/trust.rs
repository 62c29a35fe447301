//! The root certificates that the HTTPS client trusts.

use std::{ffi::OsString, fs, io, path::PathBuf};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tracing::warn;

use crate::aws::{AMAZON_ROOTS, AwsError};

/// Which root certificates to trust.
#[derive(Debug)]
pub(crate) enum Trust {
    /// The roots of AWS's endpoints, which are part of this crate.
    Amazon,
    /// The bundle of the system, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    System,
    /// The certificates of `AWS_CA_BUNDLE`.
    Bundle(RootCertStore),
}

impl Trust {
    /// In this order: `AWS_CA_BUNDLE`, `TRUST_STORE=system`, partitions with their own roots, `SSL_CERT_FILE`.
    pub(crate) fn chosen_by(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, AwsError> {
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
        match fs::read(&path).and_then(|pem| certificates(&pem)) {
            Ok(roots) if !roots.is_empty() => Ok(Self::Bundle(roots)),
            Ok(_) => Err(AwsError::CaBundle { path, cause: None }),
            Err(cause) => Err(AwsError::CaBundle { path, cause: Some(cause) }),
        }
    }

    /// Reads the certificates. A bundle has been read before.
    pub(crate) fn roots(&self) -> RootCertStore {
        match self {
            // A test reads them, so they can be read.
            Self::Amazon => certificates(AMAZON_ROOTS).unwrap_or_else(|_| RootCertStore::empty()),
            Self::System => system(),
            Self::Bundle(roots) => roots.clone(),
        }
    }
}

fn certificates(pem: &[u8]) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(io::Error::other)?;
        roots.add(certificate).map_err(io::Error::other)?;
    }
    Ok(roots)
}

/// The certificates of the system that can be read. Some systems have some that cannot.
fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (count, _) = roots.add_parsable_certificates(found.certs);
    if count == 0 {
        warn!("The system has no root certificates: {:?}", found.errors);
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> Result<Trust, AwsError> {
        Trust::chosen_by(|wanted| {
            let mut all = variables.iter();
            let (_, value) = all.find(|(name, _)| *name == wanted)?;
            Some((*value).into())
        })
    }

    #[test]
    fn amazons_roots_are_five_readable_certificates() {
        let begins = "-----BEGIN CERTIFICATE-----";
        let pem = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        assert_eq!(pem.matches(begins).count(), 5);
        assert_eq!(Trust::Amazon.roots().len(), 5);
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
        assert_eq!(trust.roots().len(), 5);
        for path in ["/no/such/file", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
            let error = chosen(&[("AWS_CA_BUNDLE", path)]).unwrap_err();
            assert!(error.to_string().contains(path), "{error}");
        }
    }

    #[test]
    fn a_certificate_that_cannot_be_read_makes_the_whole_bundle_an_error() {
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(certificates(broken).is_err());
        assert!(certificates(&[AMAZON_ROOTS, broken].concat()).is_err());
        let cut = &AMAZON_ROOTS[..AMAZON_ROOTS.len() - 100];
        assert!(certificates(cut).is_err());
    }
}
