//! File system events of the operating system.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{Error, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tracing::warn;

/// Watches directories. Its thread ends on drop.
pub(super) struct Events {
    watcher: RecommendedWatcher,
    followed: BTreeSet<PathBuf>,
    /// An exhausted limit is logged once, not with every scan.
    warned: bool,
}

impl Events {
    /// Returns `None` and logs a warning if the system provides no events.
    pub(super) fn start(notify: Arc<Notify>) -> Option<Self> {
        let handler = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| !is_reading(event.kind)) {
                notify.notify_one();
            }
        };
        match notify::recommended_watcher(handler) {
            Ok(watcher) => Some(Self {
                watcher,
                followed: BTreeSet::new(),
                warned: false,
            }),
            Err(error) => {
                warn!(%error, "No file events; changes are detected by polling");
                None
            }
        }
    }

    /// Replaces the set of directories. Missing ones are left to polling.
    pub(super) fn follow(&mut self, directories: BTreeSet<PathBuf>) {
        for gone in self.followed.difference(&directories) {
            // Deleting a directory ends its watch, so this may fail.
            drop(self.watcher.unwatch(gone));
        }
        for directory in &directories {
            // Includes those already watched, because a directory may have been
            // deleted and created again.
            let followed = self.watcher.watch(directory, RecursiveMode::NonRecursive);
            if let Err(error) = followed {
                self.warn(&error);
            }
        }
        self.followed = directories;
    }

    fn warn(&mut self, error: &Error) {
        let absent = match &error.kind {
            notify::ErrorKind::PathNotFound => true,
            notify::ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        };
        if !absent && !self.warned {
            self.warned = true;
            warn!(%error, "No file events; changes are detected by polling");
        }
    }
}

/// Scans read the files, which must not trigger another scan.
fn is_reading(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    }
}
