//! The folder itself: whether it can be had, and whose it is.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::file::{self, Disk, Links};

/// Locked by the process that uses the folder. The system unlocks it when that
/// ends, however it ends. No site's folder begins with a dot.
const LOCK: &str = ".lock";

/// Why the folder cannot be used.
#[derive(Debug)]
pub enum StateDirError {
    /// Another process has it.
    InUse(PathBuf),
    /// A file is in its place, or in that of a folder above it.
    NoFolder(PathBuf),
    /// The system does not let us.
    Denied(PathBuf, io::Error),
}

/// Makes the folder where there is none, for nobody else to look into.
///
/// # Errors
/// The folder cannot be made.
pub fn make(folder: &Path) -> Result<(), StateDirError> {
    let made = Disk::default().make_folders(folder);
    made.map_err(|error| match standing(folder) {
        (file, metadata) if !metadata.as_ref().is_ok_and(fs::Metadata::is_dir) => {
            StateDirError::NoFolder(file.to_owned())
        }
        _ => StateDirError::Denied(folder.to_owned(), error),
    })
}

/// Looks whether the folder could be used, and changes nothing: neither is it
/// made nor locked.
///
/// # Errors
/// It could not, as far as can be seen.
pub fn examine(folder: &Path) -> Result<(), StateDirError> {
    let denied = |error: io::Error| StateDirError::Denied(folder.to_owned(), error);
    let (found, metadata) = standing(folder);
    if !metadata.map_err(denied)?.is_dir() {
        return Err(StateDirError::NoFolder(found.to_owned()));
    }
    access(found, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| denied(error.into()))
}

/// The folder, or what stands where the nearest one above it should.
fn standing(folder: &Path) -> (&Path, io::Result<fs::Metadata>) {
    let mut nearest = folder;
    loop {
        let here = if nearest == Path::new("") {
            Path::new(".")
        } else {
            nearest
        };
        match (fs::metadata(here), nearest.parent()) {
            (Err(error), Some(above))
                if error.kind() == io::ErrorKind::NotFound
                    || error.kind() == io::ErrorKind::NotADirectory =>
            {
                nearest = above
            }
            (metadata, _) => return (here, metadata),
        }
    }
}

/// Makes the folder and locks it. Where it is, and the lock.
pub(super) fn take(folder: &Path) -> Result<(PathBuf, File), StateDirError> {
    make(folder)?;
    let denied = |error: io::Error| StateDirError::Denied(folder.to_owned(), error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let lock = file::open(&folder.join(LOCK), &mut options, Links::Refuse);
    let lock = lock.map_err(|error| {
        let message = format!("its file `{LOCK}`: {error}");
        denied(io::Error::new(error.kind(), message))
    })?;
    match lock.try_lock() {
        Ok(()) => Ok((folder.canonicalize().map_err(denied)?, lock)),
        Err(TryLockError::WouldBlock) => Err(StateDirError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(denied(error)),
    }
}

/// Whether that lock is the one which lies in the folder.
pub(super) fn has_lock(folder: &Path, lock: &File) -> bool {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let there = fs::metadata(folder.join(LOCK)).map(identity);
    let held = lock.metadata().map(identity);
    matches!((there, held), (Ok(there), Ok(held)) if there == held)
}

impl StateDirError {
    /// Whether the process may not write there.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied(_, error) if error.kind() == io::ErrorKind::PermissionDenied)
    }
}

impl fmt::Display for StateDirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(folder) => write!(
                f,
                "server.stateDir: another process uses the folder `{}`",
                folder.display()
            ),
            Self::NoFolder(path) => write!(
                f,
                "server.stateDir: `{}` is no folder\n  hint: name a folder that the exporter may write to, or one to be made",
                path.display()
            ),
            Self::Denied(folder, error) => write!(
                f,
                "server.stateDir: the folder `{}` cannot be used: {error}\n  hint: it must belong to the user that the exporter runs as",
                folder.display()
            ),
        }
    }
}

impl std::error::Error for StateDirError {}
