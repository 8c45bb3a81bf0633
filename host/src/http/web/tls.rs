//! TLS of the web server.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{
    ConfigBuilder, Error, RootCertStore, ServerConfig, SupportedProtocolVersion, WantsVerifier,
};
use tokio_rustls::TlsAcceptor;

use super::names::AllowedNames;

/// The server's certificate, trusted client certificates and algorithms.
pub struct ServerTlsSettings {
    /// The server's certificate and its intermediates.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the first certificate.
    pub key: PrivateKeyDer<'static>,
    /// `None` does not ask for client certificates.
    pub clients: Option<ClientTrust>,
    /// TLS 1.2, TLS 1.3 or both.
    pub versions: Vec<&'static SupportedProtocolVersion>,
    /// Cipher suites and key exchange groups, the preferred first.
    pub provider: CryptoProvider,
    /// Whether the server's order wins over the client's.
    pub server_order: bool,
}

/// Which client certificates are accepted.
pub struct ClientTrust {
    /// The trusted authorities.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Whether a client needs a certificate.
    pub required: bool,
    /// Subject alternative names of which a certificate needs one; empty allows any.
    pub allowed_names: Vec<String>,
}

/// A valid TLS configuration of the server.
#[derive(Clone)]
pub struct ServerTls(Arc<ServerConfig>);

impl ServerTls {
    /// # Errors
    /// The settings do not fit together. The error shows nothing of the key.
    pub fn new(settings: ServerTlsSettings) -> Result<Self, Error> {
        let provider = Arc::new(settings.provider);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(&settings.versions)?;
        let builder: ConfigBuilder<ServerConfig, WantsVerifier> = builder;
        let builder = match settings.clients {
            Some(clients) => builder.with_client_cert_verifier(verifier(clients, provider)?),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(settings.chain, settings.key)?;
        config.ignore_client_order = settings.server_order;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    pub(in crate::http) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0))
    }
}

fn verifier(
    clients: ClientTrust,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let mut roots = RootCertStore::empty();
    for authority in clients.authorities {
        roots.add(authority)?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if clients.required {
        builder
    } else {
        builder.allow_unauthenticated()
    };
    let verifier = builder
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    if clients.allowed_names.is_empty() {
        return Ok(verifier);
    }
    Ok(Arc::new(AllowedNames::new(verifier, clients.allowed_names)))
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls")
    }
}
