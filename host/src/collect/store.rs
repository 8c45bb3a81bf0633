//! Persistent storage of saved states: a directory per site, and in it a file per
//! collector.
//!
//! A file is written under a temporary name and renamed. The file and its directory
//! are synced before the report is published. So after a kill or power loss, the
//! stored state is never older than what was published.
//!
//! Files are kept when a site or collector is removed from the configuration, so that
//! it can continue its counters later. Operators may delete them.

mod disk;
mod format;
mod guest_history_file;
mod location;
mod names;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use semver::Version;
use tracing::{error, info};

use super::guest_history::GuestHistory;
use super::state::StateEntry;
use crate::events::{EventKind, RecentEvents};
use crate::file::Disk;
use crate::guest::Digest;
use crate::metrics::Instruments;
use crate::site::SiteName;
use format::StateFileError;
pub use location::{StateDirError, examine, make};

/// Extension of state files.
const STATE: &str = ".state";

/// The contents of a site's files. `None` after a failed write, because the file may
/// have any contents.
type StoredStates = HashMap<String, Option<StateEntry>>;

/// A state directory, locked by this process. All methods may block.
pub struct Store {
    /// The path in the configuration.
    named: PathBuf,
    /// The canonical path when it was opened.
    folder: PathBuf,
    disk: Disk,
    lock: File,
    instruments: Instruments,
    events: RecentEvents,
    /// Failed writes, so that only the first is logged.
    failing: Mutex<HashSet<(SiteName, String)>>,
    /// The contents of each site's files, by collector.
    stored: Mutex<HashMap<SiteName, StoredStates>>,
    /// The stored history; `None` while it cannot be read.
    guest_history: Mutex<Option<GuestHistory>>,
    /// Whether the last write of the history failed, so that only the first is logged.
    guest_history_failing: AtomicBool,
}

impl Store {
    /// Opens and locks the directory. Creates it if it is missing.
    ///
    /// # Errors
    /// The directory cannot be used, or another process has locked it.
    pub fn open(folder: &Path, instruments: Instruments) -> Result<Self, StateDirError> {
        Self::open_on(Disk::default(), folder, instruments)
    }

    /// Same as [`open`](Self::open), on a disk with injected faults.
    ///
    /// # Errors
    /// Same as [`open`](Self::open).
    pub fn open_on(
        disk: Disk,
        folder: &Path,
        instruments: Instruments,
    ) -> Result<Self, StateDirError> {
        let (at, lock) = location::take(folder)?;
        let guest_history = Mutex::new(guest_history_file::read(&disk, &at).ok());
        Ok(Self {
            named: folder.to_owned(),
            folder: at,
            disk,
            lock,
            instruments,
            events: RecentEvents::default(),
            failing: Mutex::default(),
            stored: Mutex::default(),
            guest_history,
            guest_history_failing: AtomicBool::new(false),
        })
    }

    /// Same, with failed writes among these events.
    #[must_use]
    pub fn with_events(self, events: RecentEvents) -> Self {
        Self { events, ..self }
    }

    /// Whether `folder` is this directory, possibly under another path. A directory
    /// that was deleted, or a link that was changed, has another lock file or none.
    pub fn is_at(&self, folder: &Path) -> bool {
        folder.canonicalize().is_ok_and(|at| at == self.folder)
            && location::has_lock(folder, &self.lock)
    }

    /// The path of the directory.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the configuration uses this path for it.
    pub fn is_named(&self, folder: &Path) -> bool {
        self.named == folder
    }

    /// Initializes the site's write failures metric with 0.
    pub(super) fn expect(&self, site: &SiteName) {
        self.instruments.expect_state(site);
    }

    /// Reads the state of a collector. Renames a corrupt file.
    ///
    /// # Errors
    /// A possibly valid state cannot be used now. The file must not be overwritten.
    pub(super) fn read(
        &self,
        site: &SiteName,
        collector: &str,
        limit: usize,
    ) -> Result<StateEntry, String> {
        let (folder, name) = disk::place(site.as_str(), collector);
        let path = self.folder.join(folder).join(name);
        let loaded = disk::load(&self.disk, &path, site.as_str(), collector, limit);
        let entry = match loaded {
            Ok(entry) => entry,
            Err(StateFileError::Unreadable(error)) if error.kind() == ErrorKind::NotFound => {
                StateEntry::default()
            }
            Err(unusable) => {
                let file = path.display();
                if !unusable.is_broken() {
                    return Err(format!("`{file}`: {unusable}"));
                }
                let aside = disk::rename_corrupt(&self.disk, &path)
                    .map_err(|error| format!("`{file}`: {unusable}, and {error}"))?;
                let aside = aside.display();
                error!(%site, %file, %aside, reason = %unusable, "State file is corrupt and was renamed; counters restart");
                StateEntry::default()
            }
        };
        let mut held = self.stored();
        let held = held.entry(site.clone()).or_default();
        held.insert(collector.to_owned(), Some(entry.clone()));
        Ok(entry)
    }

    /// Writes states that changed and removes files of other collectors. Failed writes
    /// are retried by the next collection.
    pub(super) fn write_states(&self, site: &SiteName, states: &HashMap<String, StateEntry>) {
        let none = StateEntry::default();
        let held = self.stored().get(site).cloned().unwrap_or_default();
        let collectors: HashSet<_> = held.keys().chain(states.keys()).collect();
        for collector in collectors {
            let entry = states.get(collector).unwrap_or(&none);
            if held.get(collector).and_then(Option::as_ref) == Some(entry) {
                continue;
            }
            let done = self.write(site, collector, entry);
            let holds = done.is_ok().then(|| entry.clone());
            let mut held = self.stored();
            let held = held.entry(site.clone()).or_default();
            held.insert(collector.clone(), holds);
            self.log_write_result(site, collector, done);
        }
    }

    fn write(&self, site: &SiteName, collector: &str, entry: &StateEntry) -> std::io::Result<()> {
        let (folder, name) = disk::place(site.as_str(), collector);
        if entry.is_empty() {
            return disk::remove(&self.disk, &self.folder, &folder, &name);
        }
        let head = format::head(site.as_str(), collector, entry)?;
        let bytes = entry.versions().map(|it| it.saved.bytes.as_slice());
        let pieces: Vec<_> = [head.as_slice()].into_iter().chain(bytes).collect();
        disk::replace(&self.disk, &self.folder, &folder, &name, &pieces)
    }

    /// Deletes the states of a site that another process collects from now on. If it
    /// returned here, old counters would continue, and would miss what ended in between.
    ///
    /// # Errors
    /// Some of them may be left.
    pub fn delete(&self, site: &SiteName) -> std::io::Result<bool> {
        match disk::remove_site(&self.disk, &self.folder, site.as_str()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            deleted => deleted.map(|()| true),
        }
    }

    /// Forgets the contents of other sites' files.
    pub(super) fn keep(&self, sites: &[SiteName]) {
        self.stored().retain(|site, _| sites.contains(site));
    }

    /// Whether the last write of the state succeeded.
    #[cfg(test)]
    pub(super) fn holds(&self, site: &SiteName, collector: &str) -> bool {
        let held = self.stored();
        let entry = held.get(site).and_then(|held| held.get(collector));
        entry.is_some_and(Option::is_some)
    }

    fn stored(&self) -> MutexGuard<'_, HashMap<SiteName, StoredStates>> {
        // No code panics while holding the lock.
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The guest history; `None` while it cannot be read.
    pub(super) fn guest_history(&self) -> Option<GuestHistory> {
        let mut stored = self.lock_guest_history();
        if stored.is_none() {
            *stored = guest_history_file::read(&self.disk, &self.folder).ok();
        }
        stored.clone()
    }

    /// Writes the history if it changed. Failed writes are retried by the next
    /// collection. A history that cannot be read is not overwritten.
    pub(super) fn write_guest_history(&self, guest_history: &GuestHistory) {
        let mut stored = self.lock_guest_history();
        if stored.as_ref().is_none_or(|stored| stored == guest_history) {
            return;
        }
        let written = guest_history_file::write(&self.disk, &self.folder, guest_history);
        let failed_before = self.guest_history_failing.swap(written.is_err(), Relaxed);
        match written {
            Ok(()) => *stored = Some(guest_history.clone()),
            Err(error) if !failed_before => {
                let folder = self.folder.display();
                error!(%folder, %error, "Guest history cannot be written; a restart could run an older or a rolled back guest");
            }
            Err(_) => {}
        }
    }

    fn lock_guest_history(&self) -> MutexGuard<'_, Option<GuestHistory>> {
        // No code panics while holding the lock.
        self.guest_history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs the first failed write, and when all writes succeed again.
    fn log_write_result(&self, site: &SiteName, collector: &str, done: std::io::Result<()>) {
        // No code panics while holding the lock.
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, key) = (self.folder.display(), (site.clone(), collector.to_owned()));
        match done {
            Err(error) => {
                self.instruments.state_write_failed(site);
                if failing.is_empty() {
                    let message = "State cannot be written; counters are only kept in memory";
                    let text = format!("{message}: `{file}`: {error}");
                    self.events.record(EventKind::Failed, None, text);
                    error!(%site, collector, %file, %error, "{message}");
                }
                failing.insert(key);
            }
            Ok(()) => {
                if failing.remove(&key) && failing.is_empty() {
                    let message = "State can be written again";
                    self.events.record(EventKind::Recovered, None, message);
                    info!(%file, "{message}");
                }
            }
        }
    }
}

/// Reads the newest proven version of a signing key. Changes nothing in the directory.
///
/// # Errors
/// The file is corrupt.
pub fn proven_version(folder: &Path, key: Digest) -> Result<Option<Version>, String> {
    let guest_history = guest_history_file::look(&Disk::default(), folder);
    let guest_history = guest_history.map_err(|unusable| unusable.to_string())?;
    Ok(guest_history.version(key).cloned())
}

#[cfg(test)]
mod tests;
