//! TLS towards databases and web servers: rustls, with the system's certificate authorities, or Mozilla's
//! when the system has none (a bare container).

use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

static ROOTS: LazyLock<RootCertStore> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
});

/// A client configuration that verifies certificates and names, offering `alpn`.
///
/// `extra_root` is the PEM text of one more certificate authority.
///
/// # Errors
/// `extra_root` holds no certificate.
pub(crate) fn client_config(alpn: &[&[u8]], extra_root: Option<&str>) -> Result<ClientConfig> {
    let mut roots = ROOTS.clone();
    if let Some(pem) = extra_root {
        let mut found = false;
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots
                .add(certificate.context("invalid root certificate")?)
                .context("invalid root certificate")?;
            found = true;
        }
        anyhow::ensure!(found, "invalid root certificate");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_that_is_not_a_certificate_is_refused() {
        for pem in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(client_config(&[], Some(pem)).is_err(), "{pem:?}");
        }
        assert!(client_config(&[b"h2"], None).is_ok());
    }
}
