//! Files: written whole or not at all, read with suspicion.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::format::{self, Broken, Record};
use super::{STATE, names};

/// What the file is called while it is written.
const BESIDE: &str = ".new";
/// What is set aside. Only the last one of each file: there may be no end to them.
const ASIDE: &str = ".broken";

/// Puts these bytes in the place of a file, in a folder below `root` that need
/// not be there yet. When this has returned, they are on the disk.
pub(super) fn replace(root: &Path, folder: &str, name: &str, pieces: &[&[u8]]) -> io::Result<()> {
    let folder = root.join(folder);
    match DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => sync(root)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let (file, beside) = (folder.join(name), folder.join(format!("{name}{BESIDE}")));
    let written = write(&beside, pieces).and_then(|()| fs::rename(&beside, &file));
    if written.is_err() {
        // Where the disk is full, it has no room to lose.
        let _ = fs::remove_file(&beside);
    }
    written?;
    sync(&folder)
}

fn write(path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // One that a killed process has left behind is written over.
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path)?;
    for piece in pieces {
        file.write_all(piece)?;
    }
    file.sync_all()
}

/// A name that was changed is on the disk once its folder is.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes a file, which need not be there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
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

pub(super) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Broken> {
    let largest = format::largest(limit);
    // Before it is opened: opening a pipe would wait for its other end.
    let metadata = fs::symlink_metadata(path).map_err(Broken::Unreadable)?;
    if !metadata.is_file() {
        return Err(Broken::Foreign);
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Broken::Unreadable)?;
    let mut file = file.take(largest + 1);
    file.read_to_end(&mut bytes).map_err(Broken::Unreadable)?;
    if bytes.len() as u64 > largest {
        return Err(Broken::TooLarge(metadata.len(), limit as u64));
    }
    Ok(bytes)
}

/// Renames a file that cannot be used, for people to look at; its new name.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(ASIDE);
    fs::rename(path, &name)?;
    Ok(name.into())
}
