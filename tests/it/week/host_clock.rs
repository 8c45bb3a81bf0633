//! The clock of the machine that the program runs on, in the hands of a test:
//! Debian's `faketime` shows the program what a file says.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use simulator::Clock;
use tests::Program;

/// Where Debian puts it, for either architecture.
const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];

/// The library that shows a program another clock; none where it is not installed.
pub(crate) fn faketime() -> Option<&'static Path> {
    let library = LIBRARIES.map(Path::new);
    library.into_iter().find(|path| path.exists())
}

/// Shows the time of a server's clock, or a time that is wrong by so much.
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

    /// Starts the program below this clock. Deadlines go on by true time.
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

    /// Removes what a program that was killed left in shared memory.
    pub(super) fn clean_up_after(process: u32) {
        for name in ["faketime_shm_", "sem.faketime_sem_"] {
            let _ = fs::remove_file(format!("/dev/shm/{name}{process}"));
        }
    }

    /// Sets it wrong, or right again with 0.
    pub(super) fn set_wrong(&self, ahead: SignedDuration) {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
        self.show();
    }

    /// Shows what time it is now.
    pub(super) fn show(&self) {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let now: Timestamp = self.server.now() + *ahead;
        let text = now.strftime("%Y-%m-%d %H:%M:%S\n").to_string();
        // The program never reads half a time.
        let beside = self.file.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(&beside, &self.file).unwrap();
    }
}
