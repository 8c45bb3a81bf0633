//! Files that change while the program runs: the configuration, keys,
//! certificates, a guest.
//!
//! An event only says that it is time to look: what counts is whether the
//! contents differ. So it does not matter how an editor writes a file, or that
//! Kubernetes swaps a folder two links away.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::file::Snapshot;
use scan::Scanner;

mod directories;
mod events;
mod scan;

#[cfg(test)]
mod tests;

/// A change is looked at once it has been quiet for this long: editors and
/// Kubernetes take several steps.
const QUIET: Duration = Duration::from_millis(100);
/// But no later than this, in a directory that is never quiet.
const PATIENCE: Duration = Duration::from_secs(1);

/// Watches a set of files. Everything it started ends when it is dropped.
pub struct Watcher {
    /// Also held by a scan that is running, on a thread where it may block.
    scanner: Arc<Mutex<Scanner>>,
    stirred: Arc<Notify>,
    poll: Duration,
    next_poll: Instant,
    /// Since when something has happened that no scan has looked at. Kept here,
    /// so that nothing is lost or put off when `changed` is dropped halfway.
    dirty: Option<Instant>,
}

impl Watcher {
    /// Watches by events, and every `poll` besides, for file systems that send
    /// none and for directories that do not exist yet. What is changed after
    /// this returns is reported, and what differs from the contents that are given.
    pub async fn start(files: Vec<Snapshot>, poll: Duration) -> Self {
        let stirred = Arc::new(Notify::new());
        let events = events::Events::start(Arc::clone(&stirred));
        Self::with(Scanner::new(events), stirred, files, poll).await
    }

    /// Watches only by looking every `poll`.
    pub async fn polling(files: Vec<Snapshot>, poll: Duration) -> Self {
        Self::with(Scanner::new(None), Arc::default(), files, poll).await
    }

    async fn with(
        scanner: Scanner,
        stirred: Arc<Notify>,
        files: Vec<Snapshot>,
        poll: Duration,
    ) -> Self {
        let scanner = Arc::new(Mutex::new(scanner));
        let next_poll = Instant::now() + poll;
        let watcher = Self {
            scanner,
            stirred,
            poll,
            next_poll,
            dirty: None,
        };
        watcher.set_files(files).await;
        watcher
    }

    /// Watches these files from now on, and no others. A file has changed when it
    /// differs from the contents that are given. Without them, from what it held
    /// before if it was watched already, else from what it holds now.
    pub async fn set_files(&self, files: Vec<Snapshot>) {
        let compare = files.iter().any(|file| file.contents.is_some());
        self.blocking(move |scanner| scanner.set_files(files)).await;
        if compare {
            // It may have changed between being read and being watched.
            self.stirred.notify_one();
        }
    }

    /// Waits until contents have changed, and says whose. Appearing and disappearing
    /// are changes. A file that cannot be read holds what it held. May be dropped while waiting without losing a change.
    pub async fn changed(&mut self) -> Vec<PathBuf> {
        loop {
            let changed = self.scanner.lock().await.take_changed();
            if !changed.is_empty() {
                return changed;
            }
            if self.dirty.is_none() {
                self.wait().await;
            }
            let since = *self.dirty.get_or_insert_with(Instant::now);
            self.settle(since + PATIENCE).await;
            self.blocking(Scanner::scan).await;
            self.dirty = None;
        }
    }

    /// Until an event, or until it is time to look anyway.
    async fn wait(&mut self) {
        tokio::select! {
            () = self.stirred.notified() => {}
            () = sleep_until(self.next_poll) => self.next_poll = Instant::now() + self.poll,
        }
    }

    /// Until it is quiet, or until `end`.
    async fn settle(&self, end: Instant) {
        loop {
            let quiet = (Instant::now() + QUIET).min(end);
            if timeout_at(quiet, self.stirred.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Files are read, and watches set, where that may block.
    async fn blocking(&self, work: impl FnOnce(&mut Scanner) + Send + 'static) {
        let mut scanner = Arc::clone(&self.scanner).lock_owned().await;
        let done = tokio::task::spawn_blocking(move || work(&mut scanner)).await;
        if let Err(error) = done {
            tracing::error!(%error, "watched files cannot be looked at");
        }
    }
}
