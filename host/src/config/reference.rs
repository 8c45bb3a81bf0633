//! The reference of all keys, collected from the code that reads them.

use std::path::Path;
use std::sync::OnceLock;

use super::documented::{DocumentedMap, insert};
use super::problem::Findings;
use super::section::Section;
use super::{Overrides, collectors, settings, web, yaml};
use crate::guest::Manifest;

/// Every key that can be written.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The maps of the configuration file.
    pub configuration: Vec<DocumentedMap>,
    /// The maps of the web configuration file.
    pub web: Vec<DocumentedMap>,
}

/// Sections that are read only if they are present. `NAME` stands for a collector.
const SAMPLE: &str = "{ nbuserver: {}, opentelemetry: {}, collectors: { NAME: {} } }";
/// The same for the web configuration.
const WEB_SAMPLE: &str = "{ tls_server_config: {}, rate_limit: {} }";

/// Reads a file without values, and collects what is documented on the way.
///
/// The options are those of `manifest`.
pub fn reference(manifest: &Manifest) -> Reference {
    let directory = Path::new("");
    let mut configuration = documented(SAMPLE, |root| {
        settings(root, directory, &Overrides::default(), &|_| None);
    });
    for key in manifest.collectors.iter().flat_map(collectors::documented) {
        insert(&mut configuration, key);
    }
    let web = documented(WEB_SAMPLE, |mut root| drop(web::keys(&mut root, directory)));
    Reference { configuration, web }
}

fn documented(sample: &str, read: impl FnOnce(Section<'_>)) -> Vec<DocumentedMap> {
    let findings = Findings::documenting();
    // Its problems do not matter: the sample lacks required keys.
    if let Ok(root) = yaml::parse(sample, &findings) {
        read(Section::root(&root, &findings));
    }
    findings.into_documented()
}

/// The section of the keys that belong to no other.
pub(super) const TOP: &str = "";

/// The sections that have a key of this name, such as `server`.
pub(super) fn sections_with(key: &str) -> Vec<&'static str> {
    static PATHS: OnceLock<Vec<String>> = OnceLock::new();
    // The sample has no unknown key, so reading it does not come back here.
    let paths = PATHS.get_or_init(|| {
        let maps = documented(SAMPLE, |root| {
            settings(root, Path::new(""), &Overrides::default(), &|_| None);
        });
        let keys = maps.iter().flat_map(|map| &map.keys).map(|key| &key.path);
        let maps = maps.iter().map(|map| &map.path);
        maps.chain(keys).cloned().collect()
    });
    let split = paths.iter();
    let split = split.map(|path| path.rsplit_once('.').unwrap_or((TOP, path)));
    let sections = split.filter(|(_, name)| *name == key);
    sections.map(|(section, _)| section).collect()
}
