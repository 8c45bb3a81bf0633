//! The system calls for reading and writing state files. Tests can make each of them
//! fail.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, fsync, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::{Links, ReadError, read};

/// A call that is about to be made.
#[derive(Debug)]
pub enum DiskCall<'a> {
    /// Reads a whole file.
    Read(&'a Path),
    /// Opens a directory.
    OpenFolder,
    /// Creates a directory.
    MakeFolder,
    /// Creates a file.
    Create,
    /// Writes to a file.
    Write(&'a File, &'a [u8]),
    /// Syncs a file or directory to disk.
    Sync,
    /// Renames a file.
    Rename,
    /// Removes a file.
    Remove,
}

/// Injects errors into calls.
pub trait FaultInjector: Send + Sync + std::fmt::Debug {
    /// Runs before each call. The call is not made if this fails.
    ///
    /// # Errors
    /// The injected error.
    fn before(&self, call: DiskCall<'_>) -> io::Result<()>;
}

/// Access to the disk. Clones share the fault injector.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Only set in tests.
    faults: Option<Arc<dyn FaultInjector>>,
}

impl Disk {
    /// A disk with injected faults.
    pub fn with(faults: Arc<dyn FaultInjector>) -> Self {
        let faults = Some(faults);
        Self { faults }
    }

    /// Reads a regular file of at most `limit` bytes without following links.
    ///
    /// # Errors
    /// Same as [`read`].
    pub fn read(&self, path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        self.before(DiskCall::Read(path))?;
        read(path, Links::Refuse, limit)
    }

    /// Opens a directory by path.
    ///
    /// # Errors
    /// It is not a directory, or cannot be opened.
    pub fn folder(&self, path: &Path) -> io::Result<OwnedFd> {
        self.open_folder(CWD, path, OFlags::empty())
    }

    /// Opens a subdirectory. Rejects a symbolic link, so that later calls stay inside
    /// `folder`.
    ///
    /// # Errors
    /// It is not a directory, or cannot be opened.
    pub fn folder_in(&self, folder: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
        self.open_folder(folder.as_fd(), Path::new(name), OFlags::NOFOLLOW)
    }

    /// Creates a directory and its missing parents, accessible only to this user.
    /// Their entries are synced to disk.
    ///
    /// # Errors
    /// One of them cannot be created.
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

    /// Creates a directory that only this user can access, if it does not exist.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn make_folder(&self, at: &OwnedFd, name: &str) -> io::Result<()> {
        self.before(DiskCall::MakeFolder)?;
        match mkdirat(at, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates a new file that only this user can access.
    ///
    /// # Errors
    /// It exists or cannot be created.
    pub fn create(&self, at: &OwnedFd, name: &str) -> io::Result<File> {
        self.before(DiskCall::Create)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(at, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(file.into())
    }

    /// Writes all bytes.
    ///
    /// # Errors
    /// The write was incomplete.
    pub fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        self.before(DiskCall::Write(file, bytes))?;
        file.write_all(bytes)
    }

    /// Syncs the contents of a file, or the entries of a directory, to disk.
    ///
    /// # Errors
    /// They may not be on disk.
    pub fn sync(&self, what: impl AsFd) -> io::Result<()> {
        self.before(DiskCall::Sync)?;
        Ok(fsync(what)?)
    }

    /// Renames a file within a directory and replaces an existing one.
    ///
    /// # Errors
    /// The file was not renamed.
    pub fn rename(&self, at: &OwnedFd, from: &str, to: &str) -> io::Result<()> {
        self.before(DiskCall::Rename)?;
        Ok(renameat(at, from, at, to)?)
    }

    /// Renames a file by path.
    ///
    /// # Errors
    /// The file was not renamed.
    pub fn rename_path(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.before(DiskCall::Rename)?;
        fs::rename(from, to)
    }

    /// Removes a file if it exists.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(&self, at: &OwnedFd, name: &str) -> io::Result<()> {
        self.before(DiskCall::Remove)?;
        match unlinkat(at, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a subdirectory and the files in it. Other contents are an error.
    ///
    /// # Errors
    /// Some of it may be left.
    pub fn remove_folder(&self, at: &OwnedFd, name: &str) -> io::Result<()> {
        let folder = self.folder_in(at, name)?;
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let file = entry.file_name();
            if file != c"." && file != c".." {
                self.before(DiskCall::Remove)?;
                unlinkat(&folder, file, AtFlags::empty())?;
            }
        }
        self.before(DiskCall::Remove)?;
        unlinkat(at, name, AtFlags::REMOVEDIR)?;
        self.sync(at)
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

    /// Records creates and syncs.
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
    fn each_created_directory_is_synced_before_the_next() {
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
