//! Telling whether two settings lead out the same way.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::settings::{Settings, Timeouts};

impl Settings {
    /// Equal for settings that make the same way out, so that a reload can keep
    /// the pool of a site that did not change. The credential enters as a
    /// digest.
    pub fn fingerprint(&self) -> [u8; 32] {
        let Self {
            origin,
            credential,
            tls,
            timeouts,
            max_response_bytes,
        } = self;
        let mut hash = Sha256::new();
        field(&mut hash, origin.url().as_bytes());
        field(&mut hash, &credential.fingerprint());
        field(&mut hash, &[u8::from(tls.insecure_skip_verify)]);
        field(&mut hash, &max_response_bytes.to_be_bytes());
        for limit in limits(timeouts) {
            field(&mut hash, &limit.as_nanos().to_be_bytes());
        }
        // Last, since only their number varies.
        for authority in &tls.authorities {
            field(&mut hash, authority);
        }
        hash.finalize().into()
    }
}

/// Every limit, by a pattern that a new one breaks.
fn limits(timeouts: &Timeouts) -> [Duration; 5] {
    let Timeouts {
        connect,
        tls,
        first_byte,
        between_bytes,
        total,
    } = *timeouts;
    [connect, tls, first_byte, between_bytes, total]
}

/// With its length before it, so that neighbours cannot trade bytes.
fn field(hash: &mut Sha256, bytes: &[u8]) {
    hash.update(bytes.len().to_be_bytes());
    hash.update(bytes);
}
