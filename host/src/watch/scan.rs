//! Compares the contents of watched files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tracing::error;

use super::directories;
use super::events::Events;
use crate::file::{self, Contents, Links, Snapshot};

/// The maximum size for comparing contents in bytes: that of the largest guest. Larger
/// files are never read, so their size and time are compared.
const LARGEST: u64 = 64 << 20;

/// Remembers the contents of files.
pub(super) struct Scanner {
    files: BTreeMap<PathBuf, Contents>,
    /// Unreadable files, so that each is logged once.
    unreadable: BTreeSet<PathBuf>,
    /// Found by a scan and not yet returned.
    changed: BTreeSet<PathBuf>,
    /// `None` when only polling.
    events: Option<Events>,
}

impl Scanner {
    pub(super) fn new(events: Option<Events>) -> Self {
        Self {
            files: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            changed: BTreeSet::new(),
            events,
        }
    }

    pub(super) fn set_files(&mut self, files: Vec<Snapshot>) {
        let known = std::mem::take(&mut self.files);
        let mut given = BTreeMap::new();
        for Snapshot { path, contents } in files {
            let held = given.entry(path).or_default();
            *held = contents.or(*held);
        }
        let paths = given.keys().cloned();
        // Watches start before the files are read, so that no change is missed.
        self.files = paths.map(|path| (path, Contents::Unreadable)).collect();
        self.follow();
        // Others have read the given files since, so their earlier changes are known.
        self.changed
            .retain(|path| given.get(path).is_some_and(Option::is_none));
        self.unreadable.retain(|path| given.contains_key(path));
        for (path, contents) in &mut self.files {
            let given = given.get(path).copied().flatten();
            *contents = given
                .or_else(|| known.get(path).copied())
                .unwrap_or_else(|| look(path, &mut self.unreadable));
        }
    }

    pub(super) fn scan(&mut self) {
        // Links may have changed.
        self.follow();
        for (path, contents) in &mut self.files {
            let now = look(path, &mut self.unreadable);
            // Unreadable files count as unchanged.
            if now != *contents && now != Contents::Unreadable {
                *contents = now;
                self.changed.insert(path.clone());
            }
        }
    }

    pub(super) fn take_changed(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.changed).into_iter().collect()
    }

    fn follow(&mut self) {
        if let Some(events) = &mut self.events {
            events.follow(
                self.files
                    .keys()
                    .flat_map(|path| directories::of(path))
                    .collect(),
            );
        }
    }
}

/// The current contents. Logs once if a file becomes unreadable.
fn look(path: &Path, unreadable: &mut BTreeSet<PathBuf>) -> Contents {
    let contents = match digest(path) {
        Ok(digest) => Contents::Digest(digest),
        Err(error) => {
            let contents = Contents::after(&error);
            if contents == Contents::Unreadable && unreadable.insert(path.to_owned()) {
                let path = path.display();
                error!(%path, %error, "Cannot read a watched file; its previous contents stay in use");
            }
            contents
        }
    };
    if contents != Contents::Unreadable {
        unreadable.remove(path);
    }
    contents
}

fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let file = file::open(path, OpenOptions::new().read(true), Links::Follow)?;
    let metadata = file.metadata()?;
    let mut hash = Sha256::new();
    if metadata.len() > LARGEST {
        hash.update(metadata.len().to_ne_bytes());
        hash.update(metadata.mtime().to_ne_bytes());
        hash.update(metadata.mtime_nsec().to_ne_bytes());
        return Ok(hash.finalize().into());
    }
    // The file may grow meanwhile.
    let mut file = file.take(LARGEST);
    let mut chunk = vec![0; 64 << 10];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hash.finalize().into()),
            length => hash.update(chunk.get(..length).unwrap_or_default()),
        }
    }
}
