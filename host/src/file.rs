//! Opens regular files under paths that others may control.
//!
//! Opening a named pipe blocks until its other end opens, and a device has no end. So
//! files are opened in non-blocking mode, and the open descriptor is inspected. The
//! file cannot be replaced between the two steps.

mod contents;
mod disk;

use std::fmt;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;
use zeroize::Zeroizing;

pub use contents::{Contents, Snapshot};
pub use disk::{Disk, DiskCall, FaultInjector};

/// How to treat a symbolic link as the last component of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Follow it, as for secrets mounted by Kubernetes.
    Follow,
    /// Reject it. For files that only this program writes.
    Refuse,
}

/// The reason why a file was not read.
#[derive(Debug)]
pub enum ReadError {
    /// The file exceeds the limit. If it grew while it was read, it is larger than
    /// `bytes`.
    TooLarge {
        /// Actual size in bytes, at least.
        bytes: u64,
        /// Limit in bytes.
        limit: u64,
    },
    /// The file cannot be opened or read, or is not a regular file.
    Io(io::Error),
}

/// Reads a regular file of at most `limit` bytes.
///
/// The contents may be an API key, so the buffer is overwritten on drop.
///
/// # Errors
/// The file is larger, cannot be read, or is not a regular file.
pub fn read(path: &Path, links: Links, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let file = open(path, OpenOptions::new().read(true), links)?;
    let size = file.metadata()?.len();
    if size > limit {
        return Err(ReadError::TooLarge { bytes: size, limit });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    // Allocated at once: a growing vector would leave copies of a key behind.
    bytes.reserve_exact(usize::try_from(size).unwrap_or(0) + 1);
    // The file may have grown meanwhile, and files in `/proc` report a size of 0.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    if size > limit {
        return Err(ReadError::TooLarge { bytes: size, limit });
    }
    Ok(bytes)
}

/// Opens a regular file without blocking, and creates it if `options` allow that.
///
/// # Errors
/// The file cannot be opened. If it is not a regular file, the error kind is
/// `InvalidInput`.
pub fn open(path: &Path, options: &mut OpenOptions, links: Links) -> io::Result<File> {
    let (file, metadata) = open_any(path, options, links)?;
    if metadata.is_file() {
        Ok(file)
    } else {
        Err(unexpected(metadata.file_type()))
    }
}

/// Opens a file of any type, and returns the metadata of the open descriptor. Reads
/// and writes do not block either.
///
/// # Errors
/// The file cannot be opened.
pub fn open_any(
    path: &Path,
    options: &mut OpenOptions,
    links: Links,
) -> io::Result<(File, Metadata)> {
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    let file = options
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|error| explained(error, path, links))?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// The error for a file that is not a regular file.
pub fn unexpected(found: FileType) -> io::Error {
    let message = format!("expected a regular file, found {}", name(found));
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// Sockets, pipes without a reader, directories and rejected links fail to open.
/// Replaces the error of the system by one that names the file type.
fn explained(error: io::Error, path: &Path, links: Links) -> io::Error {
    let kinds = [Errno::NXIO, Errno::ISDIR, Errno::LOOP].map(Errno::raw_os_error);
    if !error.raw_os_error().is_some_and(|raw| kinds.contains(&raw)) {
        return error;
    }
    let metadata = match links {
        Links::Follow => fs::metadata(path),
        Links::Refuse => fs::symlink_metadata(path),
    };
    match metadata {
        Ok(metadata) if !metadata.is_file() => unexpected(metadata.file_type()),
        _ => error,
    }
}

fn name(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_dir() => "a directory",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_char_device() => "a character device",
        kind if kind.is_block_device() => "a block device",
        kind if kind.is_symlink() => "a symbolic link",
        _ => "something else",
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => error,
            large => Self::new(io::ErrorKind::FileTooLarge, large.to_string()),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit, .. } => {
                write!(f, "the file is larger than the limit of {limit} bytes")
            }
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

#[cfg(test)]
mod tests;
