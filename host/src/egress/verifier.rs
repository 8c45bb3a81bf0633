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

/// The authority that issued the last certificate of a chain, and is not trusted.
#[derive(Debug)]
pub(super) struct UnknownIssuer(String);

impl IssuerNamingVerifier {
    pub(super) fn new(library: Arc<WebPkiServerVerifier>) -> Self {
        Self(library)
    }
}

impl UnknownIssuer {
    fn of(last: &CertificateDer<'_>) -> Self {
        let parsed = parse_x509_certificate(last);
        Self(parsed.map_or_else(|_| String::new(), |(_, it)| it.issuer().to_string()))
    }
}

impl fmt::Display for UnknownIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "issued by `{}`, which is not in the trust store", self.0)
    }
}

impl std::error::Error for UnknownIssuer {}

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
        verified.map_err(|error| match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                let issuer = UnknownIssuer::of(chain.last().unwrap_or(certificate));
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(issuer))))
            }
            error => error,
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
