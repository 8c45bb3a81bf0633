//! Client certificates that must have one of several names.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// A verifier that requires a name in addition to what the inner one requires.
#[derive(Debug)]
pub(super) struct AllowedNames {
    verifier: Arc<dyn ClientCertVerifier>,
    names: Vec<String>,
}

impl AllowedNames {
    pub(super) fn new(verifier: Arc<dyn ClientCertVerifier>, names: Vec<String>) -> Self {
        Self { verifier, names }
    }

    /// Compares the text of DNS names, addresses, e-mail addresses and URIs.
    fn allows(&self, certificate: &[u8]) -> bool {
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
            return false;
        };
        let Ok(Some(extension)) = certificate.subject_alternative_name() else {
            return false;
        };
        let names = &extension.value.general_names;
        names
            .iter()
            .filter_map(text)
            .any(|name| self.names.contains(&name))
    }
}

fn text(name: &GeneralName<'_>) -> Option<String> {
    match *name {
        GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => {
            Some(text.to_owned())
        }
        GeneralName::IPAddress(bytes) => {
            let v4 = || Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?));
            let v6 = || Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?));
            v4().or_else(v6).map(|address| address.to_string())
        }
        _ => None,
    }
}

impl ClientCertVerifier for AllowedNames {
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self
            .verifier
            .verify_client_cert(end_entity, intermediates, now)?;
        if self.allows(end_entity) {
            Ok(verified)
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn offer_client_auth(&self) -> bool {
        self.verifier.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.verifier.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.verifier.root_hint_subjects()
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
