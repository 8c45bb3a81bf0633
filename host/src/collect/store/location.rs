//! Creates, checks and locks the state directory.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::file::{self, Disk, Links};

/// The lock file. The system releases the lock when the process ends. The leading dot
/// distinguishes it from site directories.
const LOCK: &str = ".lock";

/// The reason why the state directory cannot be used.
#[derive(Debug)]
pub enum StateDirError {
    /// Locked by another process.
    InUse(PathBuf),
    /// The path, or a parent of it, is not a directory.
    NoFolder(PathBuf),
    /// The system denies access.
    Denied(PathBuf, io::Error),
}

/// Creates the directory if it is missing, accessible only to this user.
///
/// # Errors
/// The directory cannot be created.
pub fn make(folder: &Path) -> Result<(), StateDirError> {
    let made = Disk::default().make_folders(folder);
    made.map_err(|error| match standing(folder) {
        (file, metadata) if !metadata.as_ref().is_ok_and(fs::Metadata::is_dir) => {
            StateDirError::NoFolder(file.to_owned())
        }
        _ => StateDirError::Denied(folder.to_owned(), error),
    })
}

/// Checks whether the directory could be used, without changes.
///
/// # Errors
/// The directory is not usable.
pub fn examine(folder: &Path) -> Result<(), StateDirError> {
    let denied = |error: io::Error| StateDirError::Denied(folder.to_owned(), error);
    let (found, metadata) = standing(folder);
    if !metadata.map_err(denied)?.is_dir() {
        return Err(StateDirError::NoFolder(found.to_owned()));
    }
    access(found, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| denied(error.into()))?;
    if found != folder {
        // Some file systems, such as /proc, have directories that nothing can be created in.
        tempfile::tempdir_in(found).map_err(|error| denied(error.kind().into()))?;
    }
    // Another user's lock file cannot be opened, so its lock stays unknown. The shared
    // lock ends at once, and two checks do not see each other.
    let lock = file::open(
        &folder.join(LOCK),
        OpenOptions::new().read(true),
        Links::Refuse,
    );
    match lock.map(|lock| lock.try_lock_shared()) {
        Ok(Err(TryLockError::WouldBlock)) => Err(StateDirError::InUse(folder.to_owned())),
        _ => Ok(()),
    }
}

/// The directory, or its nearest existing parent, with its metadata.
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

/// Creates and locks the directory. Returns its canonical path and the lock.
pub(super) fn take(folder: &Path) -> Result<(PathBuf, File), StateDirError> {
    make(folder)?;
    let denied = |error: io::Error| StateDirError::Denied(folder.to_owned(), error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let lock = file::open(&folder.join(LOCK), &mut options, Links::Refuse);
    let lock = lock.map_err(|error| {
        let message = format!("cannot lock `{LOCK}`: {error}");
        denied(io::Error::new(error.kind(), message))
    })?;
    match lock.try_lock() {
        Ok(()) => Ok((folder.canonicalize().map_err(denied)?, lock)),
        Err(TryLockError::WouldBlock) => Err(StateDirError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(denied(error)),
    }
}

/// Whether the lock file in `folder` is this one.
pub(super) fn has_lock(folder: &Path, lock: &File) -> bool {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let there = fs::metadata(folder.join(LOCK)).map(identity);
    let held = lock.metadata().map(identity);
    matches!((there, held), (Ok(there), Ok(held)) if there == held)
}

impl StateDirError {
    /// Whether the process lacks permission to write there.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied(_, error) if error.kind() == io::ErrorKind::PermissionDenied)
    }
}

impl fmt::Display for StateDirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(folder) => write!(
                f,
                "another process uses the directory `{}`\n  \
                 hint: stop that process, or give each exporter a directory of its own",
                folder.display()
            ),
            Self::NoFolder(path) => write!(
                f,
                "`{}` is not a directory\n  \
                 hint: use a writable directory, or a path where one can be created",
                path.display()
            ),
            Self::Denied(folder, error) => write!(
                f,
                "cannot use the directory `{}`: {error}\n  hint: {}",
                folder.display(),
                match self.is_denied() {
                    true => "the user that runs the exporter must own it",
                    false => "use another directory",
                }
            ),
        }
    }
}

impl std::error::Error for StateDirError {}
