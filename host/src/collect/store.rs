//! The folder that keeps the guests' saved state when the program ends: for each
//! site a folder, and in it for each collector a file.
//!
//! A file is written beside and renamed, and both it and its folder are synced
//! before anybody learns of what it counts. So a process that is killed, or a
//! machine that loses its power, leaves the state before or the one after, and
//! never less than was published.
//!
//! Nothing is removed when a site or a collector is configured no more: whoever
//! adds it again finds its counters. Files of sites that will never come back are
//! the operator's to remove.

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
use crate::file::Disk;
use crate::guest::Digest;
use crate::metrics::Instruments;
use crate::site::SiteName;
use format::StateFileError;
pub use location::{StateDirError, examine, make};

/// How the name of a file ends.
const STATE: &str = ".state";

/// What was read or written last; none after a write that failed, of which nobody
/// knows how far it came.
type StoredStates = HashMap<String, Option<StateEntry>>;

/// The folder, which is this process's alone as long as this lives. All of it
/// blocks.
pub struct Store {
    /// As the configuration names it.
    named: PathBuf,
    /// Where that was when it was opened.
    folder: PathBuf,
    disk: Disk,
    lock: File,
    instruments: Instruments,
    /// What could not be written, so that it is said once.
    failing: Mutex<HashSet<(SiteName, String)>>,
    /// What the files of each site hold, by collector.
    stored: Mutex<HashMap<SiteName, StoredStates>>,
    /// As the folder has them; none while they cannot be read.
    guest_history: Mutex<Option<GuestHistory>>,
    /// Whether they could not be written, so that it is said once.
    guest_history_failing: AtomicBool,
}

impl Store {
    /// Makes the folder where there is none, and takes it.
    ///
    /// # Errors
    /// The folder cannot be had, or another process has it.
    pub fn open(folder: &Path, instruments: Instruments) -> Result<Self, StateDirError> {
        Self::open_on(Disk::default(), folder, instruments)
    }

    /// The same on a disk whose calls may fail.
    ///
    /// # Errors
    /// As those of [`open`](Self::open).
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
            failing: Mutex::default(),
            stored: Mutex::default(),
            guest_history,
            guest_history_failing: AtomicBool::new(false),
        })
    }

    /// Whether that is this folder, under whatever name. One that was deleted, or a
    /// link that leads elsewhere now, has another lock or none.
    pub fn is_at(&self, folder: &Path) -> bool {
        folder.canonicalize().is_ok_and(|at| at == self.folder)
            && location::has_lock(folder, &self.lock)
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the configuration names it so.
    pub fn is_named(&self, folder: &Path) -> bool {
        self.named == folder
    }

    /// Shows the site's failures as 0 before there are any.
    pub(super) fn expect(&self, site: &SiteName) {
        self.instruments.expect_state(site);
    }

    /// What is stored for a collector of a site. A broken file is set aside.
    ///
    /// # Errors
    /// There may be a good state that cannot be used now. It stays where it is, and
    /// nothing must be written in its place.
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
                let aside = disk::set_aside(&self.disk, &path)
                    .map_err(|error| format!("`{file}`: {unusable}, and {error}"))?;
                let aside = aside.display();
                error!(%site, %file, %aside, "State was set aside, counting begins again: {unusable}");
                StateEntry::default()
            }
        };
        let mut held = self.stored();
        let held = held.entry(site.clone()).or_default();
        held.insert(collector.to_owned(), Some(entry.clone()));
        Ok(entry)
    }

    /// Writes the states that the files do not hold yet, and removes the files of
    /// others. What fails is tried again with the next collection.
    pub(super) fn bring(&self, site: &SiteName, states: &HashMap<String, StateEntry>) {
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
            self.tell(site, collector, done);
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

    /// Forgets what the files of every other site hold.
    pub(super) fn keep(&self, sites: &[SiteName]) {
        self.stored().retain(|site, _| sites.contains(site));
    }

    /// Whether the last write of that state has succeeded.
    #[cfg(test)]
    pub(super) fn holds(&self, site: &SiteName, collector: &str) -> bool {
        let held = self.stored();
        let entry = held.get(site).and_then(|held| held.get(collector));
        entry.is_some_and(Option::is_some)
    }

    fn stored(&self) -> MutexGuard<'_, HashMap<SiteName, StoredStates>> {
        // Nothing panics while it is held.
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The verdicts on guests; none while they cannot be read.
    pub(super) fn guest_history(&self) -> Option<GuestHistory> {
        let mut stored = self.lock_verdicts();
        if stored.is_none() {
            *stored = guest_history_file::read(&self.disk, &self.folder).ok();
        }
        stored.clone()
    }

    /// Writes them where they are not stored as they are. What fails is tried again
    /// with the next collection. GuestHistory that could not be read are not overwritten.
    pub(super) fn write_guest_history(&self, guest_history: &GuestHistory) {
        let mut stored = self.lock_verdicts();
        if stored.as_ref().is_none_or(|stored| stored == guest_history) {
            return;
        }
        let written = guest_history_file::write(&self.disk, &self.folder, guest_history);
        let failed_before = self.guest_history_failing.swap(written.is_err(), Relaxed);
        match written {
            Ok(()) => *stored = Some(guest_history.clone()),
            Err(error) if !failed_before => {
                let folder = self.folder.display();
                error!(%folder, "Verdicts on guests cannot be written; until they are, a restart can run an older or a rolled back guest: {error}");
            }
            Err(_) => {}
        }
    }

    fn lock_verdicts(&self) -> MutexGuard<'_, Option<GuestHistory>> {
        // Nothing panics while it is held.
        self.guest_history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Says when it begins to fail and when all of it works again.
    fn tell(&self, site: &SiteName, collector: &str, done: std::io::Result<()>) {
        // Nothing panics while it is held.
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, key) = (self.folder.display(), (site.clone(), collector.to_owned()));
        match done {
            Err(error) => {
                self.instruments.state_write_failed(site);
                if failing.is_empty() {
                    error!(%site, collector, %file, "State cannot be written, counters go on in memory alone: {error}");
                }
                failing.insert(key);
            }
            Ok(()) => {
                if failing.remove(&key) && failing.is_empty() {
                    info!(%file, "State is written again");
                }
            }
        }
    }
}

/// The newest version of a guest signed with that key that has passed its
/// probation, as the folder has it. Nothing in the folder is changed.
///
/// # Errors
/// The file is not as it was written.
pub fn proven_version(folder: &Path, key: Digest) -> Result<Option<Version>, String> {
    let guest_history = guest_history_file::look(&Disk::default(), folder);
    let guest_history = guest_history.map_err(|unusable| unusable.to_string())?;
    Ok(guest_history.version(key).cloned())
}

#[cfg(test)]
mod tests;
