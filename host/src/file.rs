//! Regular files, opened under names that somebody else may control.
//!
//! Opening a named pipe waits for its other end, and a device has no end. So every
//! file is opened without waiting, and then the open file is looked at. Nobody can
//! put something else under the name between the two steps.

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

/// What to do with a symbolic link as the last part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Open what it leads to, as for mounted secrets of Kubernetes.
    Follow,
    /// Refuse it. For files that only this program writes.
    Refuse,
}

/// Why a file was not read.
#[derive(Debug)]
pub enum ReadError {
    /// It has more bytes than the limit. A file that grows while it is read has
    /// more than `bytes`.
    TooLarge {
        /// Bytes found.
        bytes: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// It cannot be opened or read, or it is not a regular file.
    Io(io::Error),
}

/// Reads a regular file of at most `limit` bytes. A larger one is not read.
///
/// The bytes may be a key, so their memory is overwritten when it is dropped.
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
    // All at once: a vector that grows leaves copies of a key behind.
    bytes.reserve_exact(usize::try_from(size).unwrap_or(0) + 1);
    // The file may have grown since, and files below `/proc` claim to be empty.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    if size > limit {
        return Err(ReadError::TooLarge { bytes: size, limit });
    }
    Ok(bytes)
}

/// Opens a regular file without waiting, and makes it if `options` say so.
///
/// # Errors
/// It cannot be opened, or it is not a regular file: then the kind of the error is
/// `InvalidInput`.
pub fn open(path: &Path, options: &mut OpenOptions, links: Links) -> io::Result<File> {
    let (file, metadata) = open_any(path, options, links)?;
    if metadata.is_file() {
        Ok(file)
    } else {
        Err(unexpected(metadata.file_type()))
    }
}

/// The same for whatever the path names. The caller decides by the metadata, which
/// are those of the open file. Reading and writing do not wait either.
///
/// # Errors
/// It cannot be opened.
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

/// Says what was found where a regular file was expected.
pub fn unexpected(found: FileType) -> io::Error {
    let message = format!("expected a regular file, found {}", name(found));
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// A socket, a pipe without a reader, a directory or a link that is refused cannot
/// be opened at all. The system's words for that help nobody.
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
