//! The file or stream that log lines are written to.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use rustix::fs::{Access, access};

use super::settings::folder;
use super::{LogError, LogFormat, LogSettings, LogTarget};
use crate::file::{self, Links};

/// Where lines are written. A line keeps the sink that was current when it was logged.
pub(super) struct Sink {
    pub(super) format: LogFormat,
    pub(super) stream: LogStream,
}

pub(super) enum LogStream {
    Stdout,
    Stderr,
    File(File),
}

impl Sink {
    pub(super) fn open(settings: &LogSettings) -> Result<Self, LogError> {
        let stream = match &settings.target {
            LogTarget::Stdout => LogStream::Stdout,
            LogTarget::Stderr => LogStream::Stderr,
            LogTarget::File(path) => {
                let file = open(path, OpenOptions::new().create(true));
                LogStream::File(file.map_err(|error| LogError::File(path.clone(), error))?)
            }
        };
        Ok(Self {
            format: settings.format,
            stream,
        })
    }

    /// May block on the reader or the disk.
    pub(super) fn write(&self, line: &[u8]) -> io::Result<()> {
        match &self.stream {
            LogStream::Stdout => io::stdout().write_all(line),
            LogStream::Stderr => io::stderr().write_all(line),
            LogStream::File(file) => (&*file).write_all(line),
        }
    }
}

/// Opens a log for appending: a file or a character device such as `/dev/null`. Opening
/// a pipe without a reader would block.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let (file, metadata) = file::open_any(path, options.append(true), Links::Follow)?;
    let kind = metadata.file_type();
    if kind.is_file() || kind.is_char_device() {
        Ok(file)
    } else {
        Err(file::unexpected(kind))
    }
}

/// Checks whether the log can be written, without changes.
///
/// # Errors
/// The log file cannot be written to, or not be created.
pub(super) fn examine(settings: &LogSettings) -> Result<(), LogError> {
    let LogTarget::File(path) = &settings.target else {
        return Ok(());
    };
    let opened = open(path, &mut OpenOptions::new()).map(drop);
    let usable = match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let creatable = access(folder(path), Access::WRITE_OK | Access::EXEC_OK);
            creatable.map_err(io::Error::from)
        }
        opened => opened,
    };
    usable.map_err(|error| LogError::File(path.clone(), error))
}

/// Creates the log file if it is missing.
///
/// # Errors
/// It cannot be opened for appending.
pub(super) fn make(settings: &LogSettings) -> Result<(), LogError> {
    Sink::open(settings).map(drop)
}
