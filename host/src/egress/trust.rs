//! How server certificates are verified.

use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::EgressError;
use super::insecure::AcceptAll;
use super::settings::{TlsVersion, UpstreamTls};
use super::verifier::IssuerNamingVerifier;

/// The TLS configuration for a site.
pub(super) fn site(tls: &UpstreamTls) -> Result<Arc<ClientConfig>, EgressError> {
    let versions: &[&SupportedProtocolVersion] = match tls.min_version {
        TlsVersion::Tls12 => &[&TLS13, &TLS12],
        TlsVersion::Tls13 => &[&TLS13],
    };
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| EgressError::Tls(error.to_string()))?;
    let builder = if tls.insecure_skip_verify {
        let verifier = Arc::new(AcceptAll::new(provider));
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
    } else {
        let library = WebPkiServerVerifier::builder_with_provider(roots(tls)?, provider)
            .build()
            .map_err(|error| EgressError::Tls(error.to_string()))?;
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(IssuerNamingVerifier::new(library)))
    };
    let config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = identity.parts();
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| EgressError::Tls(error.to_string()))?
        }
    };
    Ok(Arc::new(config))
}

/// The TLS configuration for a proxy, which trusts the authorities of the system and of
/// the site. It has no client certificate.
pub(super) fn proxy(tls: &UpstreamTls) -> Result<Arc<ClientConfig>, EgressError> {
    let mut roots = match system() {
        Ok(system) => RootCertStore::clone(&system),
        Err(_) => RootCertStore::empty(),
    };
    roots.add_parsable_certificates(tls.authorities.iter().cloned());
    if roots.is_empty() {
        return Err(EgressError::NoTrust);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| EgressError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The authorities of the site, or else those of the system.
fn roots(tls: &UpstreamTls) -> Result<Arc<RootCertStore>, EgressError> {
    if tls.authorities.is_empty() {
        return system();
    }
    let mut roots = RootCertStore::empty();
    for (number, authority) in (1..).zip(&tls.authorities) {
        roots
            .add(authority.clone())
            .map_err(|error| EgressError::Authority(number, error.to_string()))?;
    }
    Ok(Arc::new(roots))
}

/// Read once for the process, and only if a site needs it, since it takes a while. An
/// empty store is read again, so that a reload can succeed.
fn system() -> Result<Arc<RootCertStore>, EgressError> {
    static SYSTEM: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = SYSTEM.get() {
        return Ok(Arc::clone(roots));
    }
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "Cannot read a part of the system's trust store");
    }
    let roots = parsable(found.certs);
    if roots.is_empty() {
        return Err(EgressError::NoTrust);
    }
    Ok(Arc::clone(SYSTEM.get_or_init(|| Arc::new(roots))))
}

/// Skips invalid certificates, which old stores contain.
fn parsable(certificates: Vec<CertificateDer<'static>>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    roots
}
