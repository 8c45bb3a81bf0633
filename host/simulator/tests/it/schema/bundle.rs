//! The vendor's OpenAPI files, which are not part of this tree.

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use serde_json::Value;
use simulator::Release;

/// The releases that have a bundle. 10.4 has none of its own.
pub(crate) const RELEASES: [Release; 4] = [
    Release::V10_3,
    Release::V10_5,
    Release::V11_0,
    Release::V11_2,
];

/// The folder of the bundles, one folder for each release: `NBU_OPENAPI_DIR`, or next to the
/// checkout. `None` without such files.
pub(crate) fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("NBU_OPENAPI_DIR") {
        let folder = PathBuf::from(folder);
        assert!(folder.is_dir(), "no folder: `{}`", folder.display());
        return Some(folder);
    }
    let checkout = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let beside = checkout.join("../shared/netbackup/openapi");
    beside.is_dir().then_some(beside)
}

/// The files that have been read.
pub(crate) struct Bundles {
    folder: PathBuf,
    read: HashMap<PathBuf, Rc<Value>>,
}

impl Bundles {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            read: HashMap::new(),
        }
    }

    /// A file of a release. If its bundle lacks it, that of the newest release
    /// before it, or else that of the oldest after it.
    pub(crate) fn file(&mut self, release: Release, name: &str) -> Rc<Value> {
        let until = RELEASES.iter().position(|one| *one == release).unwrap();
        let path = RELEASES[..=until]
            .iter()
            .rev()
            .chain(&RELEASES[until..])
            .map(|release| self.folder.join(release.name()).join(name))
            .find(|path| path.is_file());
        let path = path.unwrap_or_else(|| panic!("no `{name}` for {}", release.name()));
        let file = self.read.entry(path).or_insert_with_key(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            // YAML 1.2: `NO` and `OFF` are strings.
            let file = serde_yaml::from_str(&text);
            Rc::new(file.unwrap_or_else(|e| panic!("{}: {e}", path.display())))
        });
        Rc::clone(file)
    }
}
