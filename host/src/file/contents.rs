//! What a file held, so that a change can be noticed.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

/// What a file held when somebody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// There was no regular file of that name.
    Absent,
    /// The SHA-256 digest of its bytes.
    Digest([u8; 32]),
    /// There may have been a file, but it could not be read.
    Unreadable,
}

/// A file that something was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Where it lies.
    pub path: PathBuf,
    /// What it was made of. None if the file was not read for it.
    pub contents: Option<Contents>,
}

impl Contents {
    /// Those of a file that was read.
    pub fn of(bytes: &[u8]) -> Self {
        Self::Digest(Sha256::digest(bytes).into())
    }

    /// What an error says about the file that could not be read. An error of input or
    /// output, missing permissions, or a lack of descriptors say nothing about it.
    pub fn after(error: &io::Error) -> Self {
        match error.kind() {
            // The last one is `unexpected`.
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
