//! Atomic writes of files, and reads that do not trust them.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::format::{self, StateFileError};
use super::{STATE, names};
use crate::collect::state::StateEntry;
use crate::file::{Disk, ReadError};

/// Suffix of a temporary file.
const TEMPORARY_SUFFIX: &str = ".new";
/// Suffix of a corrupt file. Only the last one is kept, to bound disk usage.
const CORRUPT_SUFFIX: &str = ".broken";

/// Replaces a file in a subdirectory of `root`, which is created if needed. Syncs the
/// file to disk before returning.
pub(super) fn replace(
    disk: &Disk,
    root: &Path,
    folder: &str,
    name: &str,
    pieces: &[&[u8]],
) -> io::Result<()> {
    let root = disk.folder(root)?;
    disk.make_folder(&root, folder)?;
    // Synced every time: an earlier attempt may have created the subdirectory without
    // syncing.
    disk.sync(&root)?;
    let folder = disk.folder_in(&root, folder)?;
    let temporary = format!("{name}{TEMPORARY_SUFFIX}");
    // A killed process may have left a temporary file. It is never opened, because it
    // could be a pipe or a link.
    disk.remove(&folder, &temporary)?;
    let write = || {
        let file = disk.create(&folder, &temporary)?;
        for piece in pieces {
            disk.write(&file, piece)?;
        }
        disk.sync(&file)?;
        disk.rename(&folder, &temporary, name)
    };
    let written = write();
    if written.is_err() {
        // Frees the space on a full disk.
        let _ = disk.remove(&folder, &temporary);
    }
    written?;
    // A rename is durable once its directory is synced.
    disk.sync(&folder)
}

/// Removes a file from a subdirectory of `root`, if both exist.
pub(super) fn remove(disk: &Disk, root: &Path, folder: &str, name: &str) -> io::Result<()> {
    let remove = || {
        let folder = disk.folder_in(&disk.folder(root)?, folder)?;
        disk.remove(&folder, name)?;
        disk.sync(&folder)
    };
    match remove() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Removes the subdirectory of a site.
pub(super) fn remove_site(disk: &Disk, root: &Path, site: &str) -> io::Result<()> {
    disk.remove_folder(&disk.folder(root)?, &names::escaped(site))
}

/// Reads and checks the state file of a collector.
pub(super) fn load(
    disk: &Disk,
    path: &Path,
    site: &str,
    collector: &str,
    limit: usize,
) -> Result<StateEntry, StateFileError> {
    let bytes = read(disk, path, limit)?;
    let (of_site, of_collector, entry) = format::decode(&bytes, limit)?;
    // A copy under another name would be counted twice.
    if of_site != site || of_collector != collector {
        return Err(StateFileError::Misplaced(of_site, of_collector));
    }
    Ok(entry)
}

pub(super) fn read(
    disk: &Disk,
    path: &Path,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, StateFileError> {
    let read = disk.read(path, format::largest(limit));
    read.map_err(|error| match error {
        ReadError::TooLarge { bytes, .. } => StateFileError::TooLarge(bytes, limit as u64),
        ReadError::Io(error) if error.kind() == ErrorKind::InvalidInput => {
            StateFileError::NotAFile(error)
        }
        ReadError::Io(error) => StateFileError::Unreadable(error),
    })
}

/// Renames a corrupt file for later inspection, and returns the new path.
pub(super) fn rename_corrupt(disk: &Disk, path: &Path) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(CORRUPT_SUFFIX);
    disk.rename_path(path, name.as_ref())?;
    Ok(name.into())
}

/// The subdirectory of a site and the name of a collector's file.
pub(super) fn place(site: &str, collector: &str) -> (String, String) {
    (names::escaped(site), names::escaped(collector) + STATE)
}
