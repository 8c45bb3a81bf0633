//! A private certificate authority, as NetBackup has one.

use std::fmt::Display;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

/// The common name of the authority.
pub(crate) const AUTHORITY: &str = "NetBackup simulator CA";

/// An authority for the lifetime of the process. Clones are the same one, so
/// that a restarted simulator is still trusted.
#[derive(Clone)]
pub struct Authority(Arc<CertifiedIssuer<'static, KeyPair>>);

impl Authority {
    /// Creates a key and its certificate. The error is that of the
    /// machine's source of randomness.
    pub fn new() -> io::Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, AUTHORITY);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(failed)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(failed)?;
        Ok(Self(Arc::new(issuer)))
    }

    /// The certificate of the authority, for a client's CA file.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// The TLS configuration of a server, for `localhost`, both loopback addresses and the
    /// listening address.
    pub(crate) fn server(&self, listen: IpAddr) -> io::Result<Arc<ServerConfig>> {
        let names = [
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "::1".to_owned(),
        ];
        let own = listen.to_string();
        let more = (!listen.is_unspecified() && !names.contains(&own)).then_some(own);
        let names: Vec<_> = names.into_iter().chain(more).collect();
        let mut params = CertificateParams::new(names).map_err(failed)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "NetBackup simulator");
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.0).map_err(failed)?;
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(failed)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(failed)?;
        Ok(Arc::new(config))
    }
}

/// A new public key as PEM. The simulator issues no tokens.
pub(crate) fn public_key() -> io::Result<String> {
    Ok(KeyPair::generate().map_err(failed)?.public_key_pem())
}

fn failed(error: impl Display) -> io::Error {
    io::Error::other(error.to_string())
}
