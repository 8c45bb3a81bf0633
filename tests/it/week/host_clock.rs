//! A fake host clock for the program: Debian's `faketime` shows it the time from a
//! file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use simulator::Clock;
use tests::Program;

/// Debian's paths for both architectures.
const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];

/// The library that fakes the clock; `None` if it is not installed.
pub(crate) fn faketime() -> Option<&'static Path> {
    let library = LIBRARIES.map(Path::new);
    library.into_iter().find(|path| path.exists())
}

/// Shows the time of a server's clock plus an offset.
pub(super) struct HostClock {
    library: &'static Path,
    file: PathBuf,
    server: Clock,
    ahead: Mutex<SignedDuration>,
}

impl HostClock {
    /// None if the library is not installed. Keeps a file in `folder`.
    pub(super) fn beside(server: &Clock, folder: &Path) -> Option<Self> {
        let clock = Self {
            library: faketime()?,
            file: folder.join("now"),
            server: server.clone(),
            ahead: Mutex::default(),
        };
        clock.show();
        Some(clock)
    }

    /// Starts the program with this clock. Deadlines use the true time.
    pub(super) fn serve(&self, folder: &Path) -> Program {
        Program::serve_with(
            folder,
            &[
                ("LD_PRELOAD", self.library),
                ("FAKETIME_TIMESTAMP_FILE", &self.file),
                ("FAKETIME_NO_CACHE", Path::new("1")),
                ("FAKETIME_DONT_FAKE_MONOTONIC", Path::new("1")),
                ("TZ", Path::new("UTC")),
            ],
        )
    }

    /// Removes the shared memory of a killed program.
    pub(super) fn clean_up_after(process: u32) {
        for name in ["faketime_shm_", "sem.faketime_sem_"] {
            let _ = fs::remove_file(format!("/dev/shm/{name}{process}"));
        }
    }

    /// Sets the offset; 0 means correct.
    pub(super) fn set_wrong(&self, ahead: SignedDuration) {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
        self.show();
    }

    /// Writes the current time.
    pub(super) fn show(&self) {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let now: Timestamp = self.server.now() + *ahead;
        let text = now.strftime("%Y-%m-%d %H:%M:%S\n").to_string();
        // Atomically: the program must never read a partial time.
        let beside = self.file.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(&beside, &self.file).unwrap();
    }
}
