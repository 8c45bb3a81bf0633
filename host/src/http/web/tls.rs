//! The server's side of TLS.

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

/// Who the server is, whom it trusts, and how it encrypts.
pub struct ServerTlsSettings {
    /// The server's certificate, and those between it and its authority.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the first of those.
    pub key: PrivateKeyDer<'static>,
    /// None does not ask for a client's certificate.
    pub clients: Option<ClientTrust>,
    /// TLS 1.2, TLS 1.3 or both.
    pub versions: Vec<&'static SupportedProtocolVersion>,
    /// Cipher suites and key exchanges, the best first.
    pub provider: CryptoProvider,
    /// Whether that order counts, or the client's.
    pub server_order: bool,
}

/// Which client certificates are good.
pub struct ClientTrust {
    /// Who may have issued them.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Whether a client may do without.
    pub required: bool,
    /// Subject alternative names, of which a certificate has one; empty is any.
    pub allowed_names: Vec<String>,
}

/// A server's side of TLS that works.
#[derive(Clone)]
pub struct ServerTls(Arc<ServerConfig>);

impl ServerTls {
    /// The error says what does not fit together; it shows nothing of the key.
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
