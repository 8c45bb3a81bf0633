//! Why a guest is not taken from whoever made it.

use std::fmt;
use std::path::PathBuf;

use crate::guest::Digest;

/// Each with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProvenanceError {
    /// Other bytes than the pinned ones.
    Pinned {
        /// As `guest.sha256` says.
        pinned: Digest,
        /// Of the file.
        found: Digest,
    },
    /// There is no signature.
    Unsigned(PathBuf),
    /// What lies in its place is none.
    NoSignature(PathBuf),
    /// It was made before minisign hashed files first.
    Legacy(PathBuf),
    /// It was made with another key.
    OtherKey(PathBuf),
    /// The right key, but other bytes.
    Tampered(PathBuf),
    /// Older than the running guest.
    Older {
        /// The version that runs.
        running: String,
        /// The version that was candidate.
        candidate: String,
    },
    /// Older than a guest of the same key that has passed its probation here.
    OlderThanProven {
        /// The version of that guest.
        proven: String,
        /// The version that was candidate.
        candidate: String,
    },
    /// Whether it is older cannot be told.
    Versionless(String),
}

impl fmt::Display for ProvenanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned { pinned, found } => write!(
                f,
                "its sha256 is `{found}`, and `guest.sha256` allows only `{pinned}`"
            ),
            Self::Unsigned(file) => write!(
                f,
                "it is not signed: `{}` does not exist, and `guest.publicKey` demands it",
                file.display()
            ),
            Self::NoSignature(file) => {
                write!(f, "`{}` is not a minisign signature", file.display())
            }
            Self::Legacy(file) => write!(
                f,
                "`{}` is a signature of the old kind, which does not hash the file",
                file.display()
            ),
            Self::OtherKey(file) => write!(
                f,
                "`{}` was made with another key than `guest.publicKey`",
                file.display()
            ),
            Self::Tampered(file) => write!(
                f,
                "the signature `{}` is not of these bytes: one of the two files was changed",
                file.display()
            ),
            Self::Older { running, candidate } => write!(
                f,
                "its version `{candidate}` is older than `{running}`, which is running"
            ),
            Self::OlderThanProven { proven, candidate } => write!(
                f,
                "its version `{candidate}` is older than `{proven}`, \
                 which has passed its probation here"
            ),
            Self::Versionless(version) => write!(
                f,
                "its version `{version}` is none such as `1.4.0`, so it may be an old one"
            ),
        }?;
        write!(f, "\n  hint: {}", self.hint())
    }
}

impl ProvenanceError {
    fn hint(&self) -> &'static str {
        match self {
            Self::Pinned { .. } => "write the new digest there if the file is the one you want",
            Self::Unsigned(_) | Self::NoSignature(_) => {
                "put the signature of `minisign -Sm FILE` beside the guest"
            }
            Self::Legacy(_) => "sign it again with `minisign -SHm FILE`",
            Self::OtherKey(_) => "sign it with the right key, or trust the other one",
            Self::Tampered(_) => "fetch both files again from where they were made",
            Self::Older { .. } | Self::OlderThanProven { .. } => {
                "`guest.allowDowngrade: true` takes it all the same"
            }
            Self::Versionless(_) => {
                "give it a semantic version, or set `guest.allowDowngrade: true`"
            }
        }
    }
}

impl std::error::Error for ProvenanceError {}
