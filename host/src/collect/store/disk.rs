//! Files: written whole or not at all, read with suspicion.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fsync, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::format::{self, Broken, Record};
use super::{STATE, names};
use crate::file::{self, Links, ReadError};

/// What the file is called while it is written.
const BESIDE: &str = ".new";
/// What is set aside. Only the last one of each file: there may be no end to them.
const ASIDE: &str = ".broken";

/// Puts these bytes in the place of a file, in a folder below `root` that need
/// not be there yet. When this has returned, they are on the disk.
pub(super) fn replace(root: &Path, folder: &str, name: &str, pieces: &[&[u8]]) -> io::Result<()> {
    let root = open_folder(CWD, root, OFlags::empty())?;
    match mkdirat(&root, folder, Mode::RWXU) {
        Ok(()) => fsync(&root)?,
        Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let folder = open_folder(&root, folder, OFlags::NOFOLLOW)?;
    let beside = format!("{name}{BESIDE}");
    let written = write(&folder, &beside, pieces)
        .and_then(|()| Ok(renameat(&folder, &beside, &folder, name)?));
    if written.is_err() {
        // Where the disk is full, it has no room to lose.
        let _ = unlinkat(&folder, &beside, AtFlags::empty());
    }
    written?;
    // A name that was changed is on the disk once its folder is.
    Ok(fsync(&folder)?)
}

/// Opens a folder, and nothing else: anything else might be waited for. What is done
/// below it by this handle cannot be led away by a link that is put in its place.
fn open_folder(
    at: impl AsFd,
    path: impl rustix::path::Arg,
    flags: OFlags,
) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(at, path, flags, Mode::empty())
}

fn write(folder: &OwnedFd, name: &str, pieces: &[&[u8]]) -> io::Result<()> {
    // A killed process may have left one behind. It is never opened: it could as well
    // be a pipe, or a link to a file of somebody else.
    match unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut file = File::from(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?);
    for piece in pieces {
        file.write_all(piece)?;
    }
    file.sync_all()
}

/// Removes a file from a folder below `root`. Neither need be there.
pub(super) fn remove(root: &Path, folder: &str, name: &str) -> io::Result<()> {
    let removed = open_folder(CWD, root, OFlags::empty())
        .and_then(|root| open_folder(&root, folder, OFlags::NOFOLLOW))
        .and_then(|folder| {
            unlinkat(&folder, name, AtFlags::empty())?;
            fsync(&folder)
        });
    match removed {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The states in a folder, which need not be there, in the order of their names.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(STATE) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What a file says, and of which collector of `site`.
pub(super) fn load(path: &Path, site: &str, limit: usize) -> Result<(String, Record), Broken> {
    let bytes = read(path, limit)?;
    let (of, collector, record) = format::decode(&bytes, limit)?;
    let name = path.file_name().unwrap_or_default();
    // A copy under another name would be counted in two places.
    if of != site || *name != *(names::escaped(&collector) + STATE) {
        return Err(Broken::Misplaced(of, collector));
    }
    Ok((collector, record))
}

pub(super) fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, Broken> {
    let read = file::read(path, Links::Refuse, format::largest(limit));
    read.map_err(|error| match error {
        ReadError::TooLarge { bytes, .. } => Broken::TooLarge(bytes, limit as u64),
        ReadError::Io(error) => Broken::Unreadable(error),
    })
}

/// Renames a file that cannot be used, for people to look at; its new name.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(ASIDE);
    fs::rename(path, &name)?;
    Ok(name.into())
}
