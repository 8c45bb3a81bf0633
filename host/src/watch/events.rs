//! The operating system's word that something happened in a directory.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{Error, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tracing::warn;

/// Follows directories. Its thread ends when it is dropped.
pub(super) struct Events {
    watcher: RecommendedWatcher,
    followed: BTreeSet<PathBuf>,
    /// A limit is worth one warning, not one for each scan.
    warned: bool,
}

impl Events {
    /// None, after a warning, when the system gives no events.
    pub(super) fn start(stirred: Arc<Notify>) -> Option<Self> {
        let handler = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| !is_reading(event.kind)) {
                stirred.notify_one();
            }
        };
        match notify::recommended_watcher(handler) {
            Ok(watcher) => Some(Self {
                watcher,
                followed: BTreeSet::new(),
                warned: false,
            }),
            Err(error) => {
                warn!(%error, "no file events: changes are noticed more slowly");
                None
            }
        }
    }

    /// Follows these directories and no others. One that does not exist is left
    /// to polling.
    pub(super) fn follow(&mut self, directories: BTreeSet<PathBuf>) {
        for gone in self.followed.difference(&directories) {
            // It may have been deleted, which ends the watch by itself.
            drop(self.watcher.unwatch(gone));
        }
        for directory in &directories {
            // Those already followed too: one that was deleted and made anew
            // bears the same name.
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
            warn!(%error, "no file events: changes are noticed more slowly");
        }
    }
}

/// Reading, which we do ourselves at every scan, changes nothing.
fn is_reading(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    }
}
