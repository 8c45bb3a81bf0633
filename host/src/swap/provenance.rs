//! Verifies the origin of a guest, by a pinned digest or a signature. Works offline,
//! on the same bytes that are compiled.

mod error;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use minisign_verify::{Error, Signature};
use semver::Version;

use super::guest_file::GuestFile;
use crate::guest::Digest;
pub use error::ProvenanceError;

/// Requirements for a guest file. The built-in guest needs no verification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The only accepted digest.
    pub sha256: Option<Digest>,
    /// The key that must have signed the file.
    pub public_key: Option<PublicKey>,
    /// Whether a signed guest may be older than the running one.
    pub allow_downgrade: bool,
}

/// A minisign public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: minisign_verify::PublicKey,
    digest: Digest,
}

/// A version of a signed guest that passed its probation. Older versions are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenVersion {
    /// The digest of the signing key.
    pub key: Digest,
    /// Its version.
    pub version: Version,
    /// Whether to replace the record of a newer version, because the operator allowed
    /// a downgrade.
    pub may_be_older: bool,
}

impl FromStr for PublicKey {
    type Err = &'static str;

    /// Accepts the bare key, or the two lines of a `.pub` file.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let key = match text.contains('\n') {
            true => minisign_verify::PublicKey::decode(text),
            false => minisign_verify::PublicKey::from_base64(text),
        };
        let key = key.map_err(|_| "is not a minisign public key")?;
        let base64 = text.lines().last().unwrap_or_default().trim();
        Ok(Self {
            key,
            digest: Digest::of(base64.as_bytes()),
        })
    }
}

impl PublicKey {
    /// Identifies the key: the SHA-256 digest of its base64 text.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}

/// The path of a guest's signature: `guest.wasm.minisig`.
pub fn signature_path(guest: &Path) -> PathBuf {
    let mut path = guest.as_os_str().to_owned();
    path.push(".minisig");
    path.into()
}

impl Provenance {
    /// Returns whether the file has a valid signature, or why it is refused.
    pub fn admit(&self, candidate: &GuestFile) -> Result<bool, ProvenanceError> {
        let Some(path) = &candidate.path else {
            return Ok(false);
        };
        if let Some(pinned) = self.sha256
            && pinned != candidate.digest
        {
            return Err(ProvenanceError::Pinned {
                pinned,
                found: candidate.digest,
            });
        }
        let Some(key) = &self.public_key else {
            return Ok(false);
        };
        let file = signature_path(path);
        let Some(text) = &candidate.signature else {
            return Err(ProvenanceError::Unsigned(file));
        };
        let signature = std::str::from_utf8(text).ok();
        let signature = signature.and_then(|text| Signature::decode(text).ok());
        let Some(signature) = signature else {
            return Err(ProvenanceError::NoSignature(file));
        };
        match key.key.verify(&candidate.bytes, &signature, false) {
            Ok(()) => Ok(true),
            Err(Error::UnexpectedKeyId) => Err(ProvenanceError::OtherKey(file)),
            Err(Error::UnexpectedAlgorithm) => Err(ProvenanceError::Legacy(file)),
            Err(_) => Err(ProvenanceError::Tampered(file)),
        }
    }

    /// Prevents a downgrade to an old guest with known faults but a valid signature.
    /// `running` is the running version, `proven` the newest proven version of the
    /// key.
    ///
    /// # Errors
    /// The candidate is older than one of them, or its version is not semver.
    pub fn admit_version(
        &self,
        running: Option<&str>,
        proven: Option<&Version>,
        candidate: &str,
    ) -> Result<(), ProvenanceError> {
        let comparable = running.is_some() || proven.is_some();
        if self.public_key.is_none() || self.allow_downgrade || !comparable {
            return Ok(());
        }
        let Ok(new) = Version::parse(candidate) else {
            return Err(ProvenanceError::Versionless(candidate.to_owned()));
        };
        let running = running.and_then(|version| Version::parse(version).ok());
        if let Some(running) = running.filter(|running| new < *running) {
            let (running, candidate) = (running.to_string(), candidate.to_owned());
            return Err(ProvenanceError::Older { running, candidate });
        }
        if let Some(proven) = proven.filter(|proven| new < **proven) {
            let (proven, candidate) = (proven.to_string(), candidate.to_owned());
            return Err(ProvenanceError::OlderThanProven { proven, candidate });
        }
        Ok(())
    }

    /// Whether both accept the same files.
    pub(super) fn requires_same_as(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 && self.public_key == other.public_key
    }
}
