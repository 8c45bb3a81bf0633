//! Verifies server certificates, and names the authority that is missing.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use x509_parser::parse_x509_certificate;

/// Verifies like the library, whose error does not name the issuer.
#[derive(Debug)]
pub(super) struct IssuerNamingVerifier(Arc<WebPkiServerVerifier>);

/// The authority that issued the last certificate of a chain.
#[derive(Debug)]
pub(super) enum UntrustedIssuer {
    /// It is not in the trust store.
    Unknown(String),
    /// The trust store has an authority of this name with another key.
    OtherKey(String),
}

impl IssuerNamingVerifier {
    pub(super) fn new(library: Arc<WebPkiServerVerifier>) -> Self {
        Self(library)
    }
}

impl UntrustedIssuer {
    /// `None` if the error does not concern the issuer. Keys of different types do not
    /// even share an algorithm.
    fn of(error: &CertificateError, last: &CertificateDer<'_>) -> Option<Self> {
        let variant = match error {
            CertificateError::UnknownIssuer => Self::Unknown,
            CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::OtherKey
            }
            _ => return None,
        };
        let parsed = parse_x509_certificate(last);
        let issuer = parsed.map_or_else(|_| String::new(), |(_, it)| it.issuer().to_string());
        Some(variant(issuer))
    }
}

impl fmt::Display for UntrustedIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                write!(f, "issued by `{name}`, which is not in the trust store")
            }
            Self::OtherKey(name) => {
                write!(f, "not signed by the key of `{name}` in the trust store")
            }
        }
    }
}

impl std::error::Error for UntrustedIssuer {}

impl ServerCertVerifier for IssuerNamingVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self
            .0
            .verify_server_cert(certificate, chain, name, ocsp, now);
        verified.map_err(|error| {
            let last = chain.last().unwrap_or(certificate);
            let issuer = match &error {
                Error::InvalidCertificate(fault) => UntrustedIssuer::of(fault, last),
                _ => None,
            };
            let named = |it| CertificateError::Other(OtherError(Arc::new(it)));
            issuer.map_or(error, |it| Error::InvalidCertificate(named(it)))
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
