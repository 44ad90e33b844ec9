//! Certificates and keys in PEM. What is wrong with them is named, and never repeated.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::NOT_X509;
use crate::error::Error;

/// One or more certificates, each of them checked: found now, not when the first call fails
/// over them.
pub(super) fn certificates(field: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate =
            certificate.map_err(|_| Error::invalid_input(field, "cannot be read as PEM"))?;
        let checked = RootCertStore::empty().add(certificate.clone());
        checked.map_err(|_| Error::invalid_input(field, NOT_X509))?;
        found.push(certificate);
    }
    if found.is_empty() {
        return Err(Error::invalid_input(field, "must hold a CERTIFICATE in PEM"));
    }
    Ok(found)
}

/// The first private key.
pub(super) fn private_key(field: &str, pem: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    // Of an encrypted key in the older form it would be the base64 that cannot be read.
    if is_encrypted(pem) {
        return Err(Error::invalid_input(
            field,
            "is encrypted; decrypt it first, as `openssl pkey -in FILE` does",
        ));
    }
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
        let rule = if contains(pem, b"BEGIN OPENSSH PRIVATE KEY") {
            "is an OpenSSH key; TLS needs a PRIVATE KEY in PEM"
        } else if contains(pem, b" PRIVATE KEY-----") {
            "cannot be read as PEM, or is of a kind that is not supported"
        } else {
            "must hold a PRIVATE KEY in PEM"
        };
        Error::invalid_input(field, rule)
    })
}

/// PKCS#8, and what OpenSSL wrote before it.
fn is_encrypted(pem: &[u8]) -> bool {
    contains(pem, b"BEGIN ENCRYPTED PRIVATE KEY") || contains(pem, b"Proc-Type: 4,ENCRYPTED")
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
