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
mod location;
mod names;
mod versions;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use semver::Version;
use tracing::{error, info};

use super::state::{Left, Slot, State};
use super::versions::Versions;
use crate::guest::Digest;
use crate::metrics::Instruments;
use crate::site::SiteName;
pub use location::{Unusable, examine, make};

/// How the name of a file ends.
const STATE: &str = ".state";

/// The folder, which is this process's alone as long as this lives. All of it
/// blocks.
pub struct Store {
    /// As the configuration names it.
    named: PathBuf,
    /// Where that was when it was opened.
    folder: PathBuf,
    lock: File,
    instruments: Instruments,
    /// What could not be written, so that it is said once.
    failing: Mutex<HashSet<(SiteName, String)>>,
    /// As the folder has them.
    versions: Mutex<Versions>,
}

impl Store {
    /// Makes the folder where there is none, and takes it.
    ///
    /// # Errors
    /// The folder cannot be had, or another process has it.
    pub fn open(folder: &Path, instruments: Instruments) -> Result<Self, Unusable> {
        let (at, lock) = location::take(folder)?;
        let versions = Mutex::new(versions::read(&at));
        Ok(Self {
            named: folder.to_owned(),
            folder: at,
            lock,
            instruments,
            failing: Mutex::default(),
            versions,
        })
    }

    /// Whether that is this folder, under whatever name. One that was deleted, or a
    /// link that leads elsewhere now, has another lock or none.
    pub fn is_at(&self, folder: &Path) -> bool {
        folder.canonicalize().is_ok_and(|at| at == self.folder)
            && location::has_lock(folder, &self.lock)
    }

    /// Whether the configuration names it so.
    pub fn is_named(&self, folder: &Path) -> bool {
        self.named == folder
    }

    /// Shows the site's failures as 0 before there are any.
    pub(super) fn expect(&self, site: &SiteName) {
        self.instruments.expect_state(site);
    }

    /// What lies there for a site, for a process that runs `guest` as `era`. A file
    /// that cannot be used is set aside and said so.
    pub(super) fn read(
        &self,
        site: &SiteName,
        guest: Digest,
        era: u64,
        limit: usize,
    ) -> HashMap<String, Slot> {
        let folder = self.folder.join(names::escaped(site.as_str()));
        let found = disk::files(&folder).unwrap_or_else(|error| {
            let file = folder.display();
            error!(%site, %file, "State cannot be read, counting begins anew: {error}");
            Vec::new()
        });
        let mut slots = HashMap::new();
        for path in found {
            match disk::load(&path, site.as_str(), limit) {
                Ok((collector, record)) => {
                    let (state, stored) = State::found(record.now, record.before, guest, era);
                    let state = Some(state);
                    slots.insert(collector, Slot { state, stored });
                }
                Err(broken) => {
                    let file = path.display();
                    match disk::set_aside(&path) {
                        Ok(aside) => {
                            let aside = aside.display();
                            error!(%site, %file, %aside, "State was set aside, counting begins anew: {broken}");
                        }
                        Err(error) => {
                            error!(%site, %file, %error, "State cannot be set aside, counting begins anew: {broken}");
                        }
                    }
                }
            }
        }
        slots
    }

    /// Writes or removes what is not stored as it is. What fails is tried again
    /// with the next collection.
    pub(super) fn bring(&self, site: &SiteName, slots: &mut HashMap<String, Slot>) {
        for (collector, slot) in slots.iter_mut().filter(|(_, slot)| !slot.stored) {
            let name = names::escaped(collector) + STATE;
            let folder = names::escaped(site.as_str());
            let done = match &slot.state {
                None => disk::remove(&self.folder, &folder, &name),
                Some(state) => {
                    let states: Vec<&Left> =
                        [state.now()].into_iter().chain(state.before()).collect();
                    format::head(site.as_str(), collector, &states).and_then(|head| {
                        let bytes = states.iter().map(|left| left.saved.bytes.as_slice());
                        let pieces: Vec<_> = [head.as_slice()].into_iter().chain(bytes).collect();
                        disk::replace(&self.folder, &folder, &name, &pieces)
                    })
                }
            };
            slot.stored = done.is_ok();
            self.tell(site, collector, done);
        }
    }

    /// The versions of signed guests that have passed their probation.
    pub(super) fn versions(&self) -> Versions {
        self.lock_versions().clone()
    }

    /// Writes them where they are not stored as they are. What fails is tried again
    /// at the next occasion.
    pub(super) fn keep_versions(&self, versions: &Versions) {
        let mut stored = self.lock_versions();
        if *stored == *versions {
            return;
        }
        match versions::write(&self.folder, versions) {
            Ok(()) => stored.clone_from(versions),
            Err(error) => {
                let folder = self.folder.display();
                error!(%folder, "Versions of signed guests cannot be written, an older guest can be started after a restart: {error}");
            }
        }
    }

    fn lock_versions(&self) -> MutexGuard<'_, Versions> {
        // Nothing panics while it is held.
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
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
    let versions = versions::look(folder).map_err(|broken| broken.to_string())?;
    Ok(versions.get(key).cloned())
}

#[cfg(test)]
mod tests;
