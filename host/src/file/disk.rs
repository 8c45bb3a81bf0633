//! The system calls by which state files are read and written. Tests let each of
//! them fail.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fsync, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::{Links, ReadError, read};

/// One call that is about to be made.
#[derive(Debug)]
pub enum DiskCall<'a> {
    /// Reads a whole file.
    Read(&'a Path),
    /// Opens a folder.
    OpenFolder,
    /// Makes a folder.
    MakeFolder,
    /// Makes a file.
    Create,
    /// Writes to a file.
    Write(&'a File, &'a [u8]),
    /// Writes a file or a folder through to the disk.
    Sync,
    /// Renames a file.
    Rename,
    /// Removes a file.
    Remove,
}

/// Decides which calls fail.
pub trait FaultInjector: Send + Sync + std::fmt::Debug {
    /// Called before each call, which is not made if this fails.
    ///
    /// # Errors
    /// The error of the call.
    fn before(&self, call: DiskCall<'_>) -> io::Result<()>;
}

/// The disk. Clones share their faults.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// None outside of tests.
    faults: Option<Arc<dyn FaultInjector>>,
}

impl Disk {
    /// A disk whose calls may fail.
    pub fn with(faults: Arc<dyn FaultInjector>) -> Self {
        let faults = Some(faults);
        Self { faults }
    }

    /// Reads a regular file of at most `limit` bytes, and follows no link.
    ///
    /// # Errors
    /// As those of [`read`].
    pub fn read(&self, path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        self.before(DiskCall::Read(path))?;
        read(path, Links::Refuse, limit)
    }

    /// Opens a folder by its path.
    ///
    /// # Errors
    /// It is not a folder, or cannot be opened.
    pub fn folder(&self, path: &Path) -> io::Result<OwnedFd> {
        self.open_folder(CWD, path, OFlags::empty())
    }

    /// Opens a folder in another one. A link in its place is refused, so that
    /// nobody can lead the calls below it elsewhere.
    ///
    /// # Errors
    /// It is not a folder, or cannot be opened.
    pub fn folder_in(&self, folder: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
        self.open_folder(folder.as_fd(), Path::new(name), OFlags::NOFOLLOW)
    }

    /// Makes a folder and all that are missing above it, for only this user to read.
    /// When this has returned, their names are on the disk.
    ///
    /// # Errors
    /// One of them cannot be made.
    pub fn make_folders(&self, path: &Path) -> io::Result<()> {
        let mut missing = Vec::new();
        for folder in path.ancestors().filter(|it| *it != Path::new("")) {
            match fs::metadata(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(folder),
                found if !found.as_ref().is_ok_and(fs::Metadata::is_dir) => {
                    found?;
                    return Err(io::ErrorKind::NotADirectory.into());
                }
                _ => break,
            }
        }
        for folder in missing.into_iter().rev() {
            self.before(DiskCall::MakeFolder)?;
            match mkdirat(CWD, folder, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            let above = folder.parent().filter(|it| *it != Path::new(""));
            self.sync(self.folder(above.unwrap_or(Path::new(".")))?)?;
        }
        Ok(())
    }

    /// Makes a folder that only this user can read; there may be one already.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make_folder(&self, at: &OwnedFd, name: &str) -> io::Result<()> {
        self.before(DiskCall::MakeFolder)?;
        match mkdirat(at, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a file that only this user can read, and that must not exist.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(&self, at: &OwnedFd, name: &str) -> io::Result<File> {
        self.before(DiskCall::Create)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(at, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(file.into())
    }

    /// Writes all of the bytes.
    ///
    /// # Errors
    /// Not all of them were written.
    pub fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        self.before(DiskCall::Write(file, bytes))?;
        file.write_all(bytes)
    }

    /// Returns when the contents of a file, or the names in a folder, are on the
    /// disk.
    ///
    /// # Errors
    /// They may not be.
    pub fn sync(&self, what: impl AsFd) -> io::Result<()> {
        self.before(DiskCall::Sync)?;
        Ok(fsync(what)?)
    }

    /// Renames a file within a folder; a file under the new name is replaced.
    ///
    /// # Errors
    /// Nothing was renamed.
    pub fn rename(&self, at: &OwnedFd, from: &str, to: &str) -> io::Result<()> {
        self.before(DiskCall::Rename)?;
        Ok(renameat(at, from, at, to)?)
    }

    /// The same by paths.
    ///
    /// # Errors
    /// Nothing was renamed.
    pub fn rename_path(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.before(DiskCall::Rename)?;
        fs::rename(from, to)
    }

    /// Removes a file, which need not exist.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, at: &OwnedFd, name: &str) -> io::Result<()> {
        self.before(DiskCall::Remove)?;
        match unlinkat(at, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn open_folder(&self, at: BorrowedFd<'_>, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        self.before(DiskCall::OpenFolder)?;
        let flags = flags | OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(openat(at, path, flags, Mode::empty())?)
    }

    fn before(&self, call: DiskCall<'_>) -> io::Result<()> {
        self.faults.as_ref().map_or(Ok(()), |it| it.before(call))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// CallLog what is made and synced.
    #[derive(Debug, Default)]
    struct CallLog(Mutex<Vec<&'static str>>);

    impl FaultInjector for CallLog {
        fn before(&self, call: DiskCall<'_>) -> io::Result<()> {
            let note = match call {
                DiskCall::MakeFolder => "make",
                DiskCall::Sync => "sync",
                _ => return Ok(()),
            };
            self.0.lock().unwrap().push(note);
            Ok(())
        }
    }

    #[test]
    fn each_folder_that_is_made_is_on_the_disk_before_the_next() {
        let around = tempfile::tempdir().unwrap();
        let notes = Arc::new(CallLog::default());
        let disk = Disk::with(Arc::clone(&notes) as Arc<dyn FaultInjector>);
        let folder = around.path().join("var/state");
        disk.make_folders(&folder).unwrap();
        assert!(folder.is_dir());
        let made = std::mem::take(&mut *notes.0.lock().unwrap());
        assert_eq!(made, ["make", "sync", "make", "sync"]);
        disk.make_folders(&folder).unwrap();
        assert!(notes.0.lock().unwrap().is_empty());
    }
}
