//! Whose word counts for a server's certificate.

use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::Error;
use super::insecure::AcceptAll;
use super::settings::Tls;

/// TLS 1.2 and newer, with the trust that the settings ask for.
pub(super) fn config(tls: &Tls) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Tls(error.to_string()))?;
    let config = if tls.insecure_skip_verify {
        let verifier = Arc::new(AcceptAll::new(provider));
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth()
    } else {
        builder
            .with_root_certificates(roots(tls)?)
            .with_no_client_auth()
    };
    Ok(Arc::new(config))
}

/// The site's own authorities and no other, or else the system's.
fn roots(tls: &Tls) -> Result<Arc<RootCertStore>, Error> {
    if tls.authorities.is_empty() {
        return system();
    }
    let mut roots = RootCertStore::empty();
    for (number, authority) in (1..).zip(&tls.authorities) {
        roots
            .add(authority.clone())
            .map_err(|error| Error::Authority(number, error.to_string()))?;
    }
    Ok(Arc::new(roots))
}

/// Read once for the process, and only when a site needs it: it takes a while.
fn system() -> Result<Arc<RootCertStore>, Error> {
    static SYSTEM: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = SYSTEM.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "part of the system's trust store cannot be read");
        }
        Arc::new(parsable(found.certs))
    });
    if roots.is_empty() {
        Err(Error::NoTrust)
    } else {
        Ok(Arc::clone(roots))
    }
}

/// Old stores hold certificates that no library reads any more.
fn parsable(certificates: Vec<CertificateDer<'static>>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    roots
}
