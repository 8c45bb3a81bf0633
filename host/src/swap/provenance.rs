//! Who made a guest: a digest that is pinned, or a signature that is demanded.
//! Everything is verified offline, over the very bytes that are then compiled.

mod untrusted;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use minisign_verify::{Error, Signature};
use semver::Version;

use super::offered::Offered;
use crate::guest::Digest;
pub use untrusted::Untrusted;

/// What is demanded of a guest that comes from a file. The guest that the program
/// carries is the program's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The only bytes that are taken.
    pub sha256: Option<Digest>,
    /// Whose signature must lie beside the file.
    pub public_key: Option<PublicKey>,
    /// Whether a signed guest may be older than the running one.
    pub allow_downgrade: bool,
}

/// A minisign public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(minisign_verify::PublicKey);

impl FromStr for PublicKey {
    type Err = &'static str;

    /// The key alone, or the two lines of a `.pub` file.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let key = match text.contains('\n') {
            true => minisign_verify::PublicKey::decode(text),
            false => minisign_verify::PublicKey::from_base64(text),
        };
        key.map(Self).map_err(|_| "is not a minisign public key")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}

/// Where the signature of a guest lies: `guest.wasm.minisig`.
pub fn signature_path(guest: &Path) -> PathBuf {
    let mut path = guest.as_os_str().to_owned();
    path.push(".minisig");
    path.into()
}

impl Provenance {
    /// Whether these bytes carry a valid signature, or why they are not taken.
    pub fn admit(&self, offered: &Offered) -> Result<bool, Untrusted> {
        let Some(path) = &offered.path else {
            return Ok(false);
        };
        if let Some(pinned) = self.sha256
            && pinned != offered.digest
        {
            return Err(Untrusted::Pinned {
                pinned,
                found: offered.digest,
            });
        }
        let Some(key) = &self.public_key else {
            return Ok(false);
        };
        let file = signature_path(path);
        let Some(text) = &offered.signature else {
            return Err(Untrusted::Unsigned(file));
        };
        let signature = std::str::from_utf8(text).ok();
        let signature = signature.and_then(|text| Signature::decode(text).ok());
        let Some(signature) = signature else {
            return Err(Untrusted::NoSignature(file));
        };
        match key.0.verify(&offered.bytes, &signature, false) {
            Ok(()) => Ok(true),
            Err(Error::UnexpectedKeyId) => Err(Untrusted::OtherKey(file)),
            Err(Error::UnexpectedAlgorithm) => Err(Untrusted::Legacy(file)),
            Err(_) => Err(Untrusted::Tampered(file)),
        }
    }

    /// Where signatures count, an old guest with known faults must not come back
    /// only because its signature is still good.
    pub(super) fn admit_version(&self, running: &str, offered: &str) -> Result<(), Untrusted> {
        if self.public_key.is_none() || self.allow_downgrade {
            return Ok(());
        }
        let Ok(new) = Version::parse(offered) else {
            return Err(Untrusted::Versionless(offered.to_owned()));
        };
        match Version::parse(running) {
            Ok(old) if new < old => Err(Untrusted::Older {
                running: running.to_owned(),
                offered: offered.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether a guest that was taken under `other` would be under this.
    pub(super) fn demands_as(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 && self.public_key == other.public_key
    }
}
