//! Files: written whole or not at all, read with suspicion.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::format::{self, StateFileError};
use super::{STATE, names};
use crate::collect::state::StateEntry;
use crate::file::{Disk, ReadError};

/// What the file is called while it is written.
const BESIDE: &str = ".new";
/// What is set aside. Only the last one of each file: there may be no end to them.
const ASIDE: &str = ".broken";

/// Replaces a file, in a folder below `root` that need not exist. When this has
/// returned, the file is on the disk.
pub(super) fn replace(
    disk: &Disk,
    root: &Path,
    folder: &str,
    name: &str,
    pieces: &[&[u8]],
) -> io::Result<()> {
    let root = disk.folder(root)?;
    disk.make_folder(&root, folder)?;
    // Every time: a folder that an earlier attempt made need not be on the disk yet.
    disk.sync(&root)?;
    let folder = disk.folder_in(&root, folder)?;
    let beside = format!("{name}{BESIDE}");
    // A killed process may have left one behind. It is never opened: it could be a
    // pipe, or a link to somebody else's file.
    disk.remove(&folder, &beside)?;
    let write = || {
        let file = disk.create(&folder, &beside)?;
        for piece in pieces {
            disk.write(&file, piece)?;
        }
        disk.sync(&file)?;
        disk.rename(&folder, &beside, name)
    };
    let written = write();
    if written.is_err() {
        // A full disk has no room to lose.
        let _ = disk.remove(&folder, &beside);
    }
    written?;
    // A rename is on the disk once its folder is.
    disk.sync(&folder)
}

/// Removes a file from a folder below `root`. Neither need exist.
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

/// What a file says of a collector of `site`.
pub(super) fn load(
    disk: &Disk,
    path: &Path,
    site: &str,
    collector: &str,
    limit: usize,
) -> Result<StateEntry, StateFileError> {
    let bytes = read(disk, path, limit)?;
    let (of_site, of_collector, entry) = format::decode(&bytes, limit)?;
    // A copy under another name would be counted in two places.
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

/// Renames a file that cannot be used, for people to look at; its new name.
pub(super) fn set_aside(disk: &Disk, path: &Path) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(ASIDE);
    disk.rename_path(path, name.as_ref())?;
    Ok(name.into())
}

/// Where the state of a collector lies below the folder: the site's folder, and the
/// name of the file.
pub(super) fn place(site: &str, collector: &str) -> (String, String) {
    (names::escaped(site), names::escaped(collector) + STATE)
}
