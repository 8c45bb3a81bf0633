//! What lies where the guest is read from.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::Refusal;
use super::provenance::signature_path;
use crate::guest::{Digest, LARGEST, LoadError, built_in};

/// Bytes of a signature that are read. One has a few hundred.
const LONGEST_SIGNATURE: u64 = 16 << 10;

/// A component's bytes and the signature beside it, read once: what is verified
/// is what is compiled.
#[derive(Clone, Debug)]
pub struct Offered {
    /// Where it lies; none for the one that the program carries.
    pub path: Option<PathBuf>,
    /// The component.
    pub bytes: Bytes,
    /// Of the bytes.
    pub digest: Digest,
    /// What `FILE.minisig` holds, if it is there.
    pub signature: Option<Vec<u8>>,
}

impl Offered {
    /// Reads a file, or takes the guest that the program carries.
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
        let unreadable = |error| Refusal::Unreadable(path.to_owned(), error);
        let bytes = capped(path, LARGEST).await.map_err(unreadable)?;
        let bytes = bytes.map_err(|bytes| {
            let limit = LARGEST;
            Refusal::Unloadable(LoadError::TooLarge { bytes, limit })
        })?;
        let file = signature_path(path);
        let signature = match capped(&file, LONGEST_SIGNATURE).await {
            Ok(text) => Some(text.unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Refusal::Unreadable(file, error)),
        };
        Ok(Self {
            path: Some(path.to_owned()),
            digest: Digest::of(&bytes),
            bytes: bytes.into(),
            signature,
        })
    }
}

/// The content of a regular file, or its size if that is more than `limit`. No
/// more than that is ever held in memory.
async fn capped(path: &Path, limit: u64) -> io::Result<Result<Vec<u8>, u64>> {
    let metadata = tokio::fs::metadata(path).await?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > limit {
        return Ok(Err(metadata.len()));
    }
    let mut bytes = Vec::new();
    // It may have grown since.
    let file = File::open(path).await?;
    file.take(limit + 1).read_to_end(&mut bytes).await?;
    let read = bytes.len() as u64;
    Ok(if read > limit { Err(read) } else { Ok(bytes) })
}
