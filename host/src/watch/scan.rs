//! What the watched files hold, compared with what they held.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::directories;
use super::events::Events;
use crate::file::{self, Links};

/// Bytes of the largest file whose contents are compared: as many as the largest
/// guest may have. Nobody reads a larger file, so its size and time are enough.
const LARGEST: u64 = 64 << 20;

/// The contents of a file; none when it is absent or cannot be read.
type Contents = Option<[u8; 32]>;

/// Remembers contents by their digest.
pub(super) struct Scanner {
    files: BTreeMap<PathBuf, Contents>,
    /// Found by a scan, and not yet told.
    changed: BTreeSet<PathBuf>,
    /// None when only polling.
    events: Option<Events>,
}

impl Scanner {
    pub(super) fn new(events: Option<Events>) -> Self {
        Self {
            files: BTreeMap::new(),
            changed: BTreeSet::new(),
            events,
        }
    }

    pub(super) fn set_paths(&mut self, paths: Vec<PathBuf>) {
        let mut known = std::mem::take(&mut self.files);
        // Watched before they are read, so that nothing falls between.
        self.files = paths.into_iter().map(|path| (path, None)).collect();
        self.follow();
        for (path, contents) in &mut self.files {
            *contents = known.remove(path).unwrap_or_else(|| read(path));
        }
        self.changed.retain(|path| self.files.contains_key(path));
    }

    pub(super) fn scan(&mut self) {
        // A link may lead elsewhere by now.
        self.follow();
        for (path, contents) in &mut self.files {
            let now = read(path);
            if now != *contents {
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

fn read(path: &Path) -> Contents {
    digest(path).ok()
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
    // It may grow meanwhile.
    let mut file = file.take(LARGEST);
    let mut chunk = vec![0; 64 << 10];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hash.finalize().into()),
            length => hash.update(chunk.get(..length).unwrap_or_default()),
        }
    }
}
