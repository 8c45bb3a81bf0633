//! Snapshots of file contents, for detecting changes.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

/// The contents of a file at some point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// There was no regular file under this path.
    Absent,
    /// The SHA-256 digest of the contents.
    Digest([u8; 32]),
    /// The file could not be read; it may exist.
    Unreadable,
}

/// A file that a configuration was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The path.
    pub path: PathBuf,
    /// The contents that were read. `None` if the file was not read.
    pub contents: Option<Contents>,
}

impl Contents {
    /// The contents of a file that was read.
    pub fn of(bytes: &[u8]) -> Self {
        Self::Digest(Sha256::digest(bytes).into())
    }

    /// Interprets an error of reading a file. I/O errors, missing permissions and
    /// exhausted descriptors say nothing about the contents.
    pub fn after(error: &io::Error) -> Self {
        match error.kind() {
            // `InvalidInput` comes from `unexpected`.
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput => {
                Self::Absent
            }
            _ => Self::Unreadable,
        }
    }
}

impl From<PathBuf> for Snapshot {
    fn from(path: PathBuf) -> Self {
        Self {
            path,
            contents: None,
        }
    }
}
