//! The reasons for not trusting a guest file.

use std::fmt;
use std::path::PathBuf;

use crate::guest::Digest;

/// Each is displayed with a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProvenanceError {
    /// The digest differs from the pinned one.
    Pinned {
        /// The value of `guest.sha256`.
        pinned: Digest,
        /// The digest of the file.
        found: Digest,
    },
    /// There is no signature.
    Unsigned(PathBuf),
    /// The signature file is invalid.
    NoSignature(PathBuf),
    /// The signature was made without prehashing, by an old version of minisign.
    Legacy(PathBuf),
    /// The signature was made with another key.
    OtherKey(PathBuf),
    /// The signature does not match the file.
    Tampered(PathBuf),
    /// The candidate is older than the running guest.
    Older {
        /// The running version.
        running: String,
        /// The candidate's version.
        candidate: String,
    },
    /// The candidate is older than a guest of the same key that passed its probation.
    OlderThanProven {
        /// The version of that guest.
        proven: String,
        /// The candidate's version.
        candidate: String,
    },
    /// The version is not semver, so a downgrade cannot be ruled out.
    Versionless(String),
}

impl fmt::Display for ProvenanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned { pinned, found } => write!(
                f,
                "sha256 mismatch: expected `{pinned}` (`guest.sha256`), found `{found}`"
            ),
            Self::Unsigned(file) => write!(
                f,
                "the guest is not signed: `{}` does not exist, but `guest.publicKey` requires it",
                file.display()
            ),
            Self::NoSignature(file) => {
                write!(f, "`{}` is not a minisign signature", file.display())
            }
            Self::Legacy(file) => write!(
                f,
                "signature `{}` has the legacy format, without prehashing",
                file.display()
            ),
            Self::OtherKey(file) => write!(
                f,
                "signature `{}` was made with another key than `guest.publicKey`",
                file.display()
            ),
            Self::Tampered(file) => write!(
                f,
                "signature `{}` does not match the guest: one of the two files was modified",
                file.display()
            ),
            Self::Older { running, candidate } => write!(
                f,
                "version `{candidate}` is older than the running version `{running}`"
            ),
            Self::OlderThanProven { proven, candidate } => write!(
                f,
                "version `{candidate}` is older than `{proven}`, \
                 which has passed its probation here"
            ),
            Self::Versionless(version) => write!(
                f,
                "version `{version}` is not semver; cannot rule out a downgrade"
            ),
        }?;
        write!(f, "\n  hint: {}", self.hint())
    }
}

impl ProvenanceError {
    fn hint(&self) -> &'static str {
        match self {
            Self::Pinned { .. } => "if the file is correct, set `guest.sha256` to its digest",
            Self::Unsigned(_) | Self::NoSignature(_) => {
                "sign the guest with `minisign -Sm FILE`, and put the signature beside it"
            }
            Self::Legacy(_) => "sign it again with `minisign -SHm FILE`",
            Self::OtherKey(_) => "sign it with the configured key, or change `guest.publicKey`",
            Self::Tampered(_) => "download both files again",
            Self::Older { .. } | Self::OlderThanProven { .. } => {
                "set `guest.allowDowngrade: true` to allow it"
            }
            Self::Versionless(_) => "use a semantic version, or set `guest.allowDowngrade: true`",
        }
    }
}

impl std::error::Error for ProvenanceError {}
