//! The client certificate of the host.

use std::fmt;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// A certificate chain and the private key of the first certificate. The key is never
/// shown, and its memory is overwritten when it is dropped.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// # Errors
    /// The key has an unknown type, or does not match the first certificate.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, rustls::Error> {
        let identity = Self { chain, key };
        let (chain, key) = identity.parts();
        CertifiedKey::from_der(chain, key, &ring::default_provider())?;
        Ok(identity)
    }

    /// Copies for the TLS library.
    pub(super) fn parts(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain.clone(), self.key.clone_key())
    }

    /// A digest to compare identities.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for certificate in &self.chain {
            let bytes: &[u8] = certificate;
            hash.update(bytes.len().to_be_bytes());
            hash.update(bytes);
        }
        hash.update(self.key.secret_der());
        hash.finalize().into()
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificates = self.chain.len();
        write!(f, "Identity({certificates} certificates, key ********)")
    }
}
