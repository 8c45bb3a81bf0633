//! Reads guest files and their signatures.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::provenance::{ProvenanceError, signature_path};
use super::{Refusal, SwapSettings};
use crate::file::{self, Links, ReadError};
use crate::guest::{Digest, LARGEST, LoadError, built_in};

/// Maximum size of a signature file in bytes. Signatures have a few hundred.
const LONGEST_SIGNATURE: u64 = 16 << 10;

/// A component and its signature, read once, so that the verified bytes are the
/// compiled bytes.
#[derive(Clone, Debug)]
pub struct GuestFile {
    /// The path; `None` for the built-in guest.
    pub path: Option<PathBuf>,
    /// The component.
    pub bytes: Bytes,
    /// The digest of the component.
    pub digest: Digest,
    /// The contents of `FILE.minisig`, if it exists.
    pub signature: Option<Vec<u8>>,
}

impl GuestFile {
    /// Whether the guest file and its signature can be the two halves of one guest: not
    /// while one of them is replaced and the other not yet.
    pub async fn is_complete(settings: &SwapSettings) -> bool {
        let file = Self::read(settings.guest_path.as_deref()).await;
        file.map_or(true, |file| {
            let admitted = settings.provenance.admit(&file);
            !matches!(
                admitted,
                Err(ProvenanceError::Unsigned(_) | ProvenanceError::Tampered(_))
            )
        })
    }

    /// Reads a file, or returns the built-in guest.
    pub async fn read(path: Option<&Path>) -> Result<Self, Refusal> {
        let Some(path) = path else {
            let bytes = built_in();
            return Ok(Self {
                path: None,
                digest: Digest::of(&bytes),
                bytes,
                signature: None,
            });
        };
        let bytes = read(path, LARGEST).await.map_err(|error| match error {
            ReadError::TooLarge { bytes, limit } => {
                Refusal::Unloadable(LoadError::TooLarge { bytes, limit })
            }
            ReadError::Io(error) => Refusal::Unreadable(path.to_owned(), error),
        })?;
        let file = signature_path(path);
        let signature = match read(&file, LONGEST_SIGNATURE).await {
            Ok(text) => Some(text),
            // Too large for a signature, so verification fails.
            Err(ReadError::TooLarge { .. }) => Some(Vec::new()),
            Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(ReadError::Io(error)) => return Err(Refusal::Unreadable(file, error)),
        };
        Ok(Self {
            path: Some(path.to_owned()),
            digest: Digest::of(&bytes),
            bytes: bytes.into(),
            signature,
        })
    }
}

/// Reads on a blocking thread.
async fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let path = path.to_owned();
    let read = move || file::read(&path, Links::Follow, limit);
    let bytes = tokio::task::spawn_blocking(read).await;
    let mut bytes = bytes.unwrap_or_else(|error| Err(io::Error::other(error).into()))?;
    Ok(std::mem::take(&mut *bytes))
}
