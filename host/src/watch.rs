//! Watches files: the configuration, keys, certificates and the guest.
//!
//! Events only trigger a check; changes are detected by comparing contents. So it
//! works with all editors, and with Kubernetes volumes that change links.

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

/// Files are checked after no event for this time, because editors and Kubernetes
/// write in several steps.
const QUIET: Duration = Duration::from_millis(100);
/// Maximum delay of a check in a directory with constant events.
const PATIENCE: Duration = Duration::from_secs(1);

/// Watches a set of files until dropped.
pub struct Watcher {
    /// Shared with a scan on a blocking thread.
    scanner: Arc<Mutex<Scanner>>,
    notify: Arc<Notify>,
    poll: Duration,
    next_poll: Instant,
    /// Time of the first event that no scan has covered. A field, so that dropping
    /// `changed` does not lose it.
    dirty: Option<Instant>,
}

impl Watcher {
    /// Watches by events, and polls for file systems without events and for missing
    /// directories. Reports changes after the return, and differences from the given
    /// contents.
    pub async fn start(files: Vec<Snapshot>, poll: Duration) -> Self {
        let notify = Arc::new(Notify::new());
        let events = events::Events::start(Arc::clone(&notify));
        Self::with(Scanner::new(events), notify, files, poll).await
    }

    /// Watches only by polling.
    pub async fn polling(files: Vec<Snapshot>, poll: Duration) -> Self {
        Self::with(Scanner::new(None), Arc::default(), files, poll).await
    }

    async fn with(
        scanner: Scanner,
        notify: Arc<Notify>,
        files: Vec<Snapshot>,
        poll: Duration,
    ) -> Self {
        let scanner = Arc::new(Mutex::new(scanner));
        let next_poll = Instant::now() + poll;
        let watcher = Self {
            scanner,
            notify,
            poll,
            next_poll,
            dirty: None,
        };
        watcher.set_files(files).await;
        watcher
    }

    /// Replaces the set of files. Changes are relative to the given contents. Without
    /// them, relative to the known contents, or else to the current ones.
    pub async fn set_files(&self, files: Vec<Snapshot>) {
        let compare = files.iter().any(|file| file.contents.is_some());
        self.blocking(move |scanner| scanner.set_files(files)).await;
        if compare {
            // The file may have changed after it was read.
            self.notify.notify_one();
        }
    }

    /// Waits until files change, appear or disappear, and returns their paths. Files
    /// that cannot be read count as unchanged. Cancel-safe.
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

    /// Waits for an event or the next poll.
    async fn wait(&mut self) {
        tokio::select! {
            () = self.notify.notified() => {}
            () = sleep_until(self.next_poll) => self.next_poll = Instant::now() + self.poll,
        }
    }

    /// Waits for a quiet period, but at most until `end`.
    async fn settle(&self, end: Instant) {
        loop {
            let quiet = (Instant::now() + QUIET).min(end);
            if timeout_at(quiet, self.notify.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Runs on a blocking thread.
    async fn blocking(&self, work: impl FnOnce(&mut Scanner) + Send + 'static) {
        let mut scanner = Arc::clone(&self.scanner).lock_owned().await;
        let done = tokio::task::spawn_blocking(move || work(&mut scanner)).await;
        if let Err(error) = done {
            tracing::error!(%error, "Checking the watched files panicked");
        }
    }
}
