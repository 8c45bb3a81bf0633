//! The certificate that the host shows to a server that asks for one.

use std::fmt;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// A chain of certificates and the key of its first. The key is not printed, and
/// its memory is overwritten when it is dropped.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Takes a chain and the key that belongs to it.
    ///
    /// # Errors
    /// When the key is of an unknown kind, or not that of the first certificate.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, rustls::Error> {
        let identity = Self { chain, key };
        let (chain, key) = identity.parts();
        CertifiedKey::from_der(chain, key, &ring::default_provider())?;
        Ok(identity)
    }

    /// Copies, for the TLS library to keep.
    pub(super) fn parts(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain.clone(), self.key.clone_key())
    }

    /// A digest, for telling two apart.
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
