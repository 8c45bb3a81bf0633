//! The vendor's OpenAPI files.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folders of the releases, oldest first. API 10.0 belongs to the first one.
pub(super) const RELEASES: [&str; 5] = ["10.3", "10.4", "10.5", "11.0", "11.2"];

/// The folder with one folder for each release.
pub(super) fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("NBU_OPENAPI_DIR")?);
    assert!(folder.is_dir(), "no folder: `{}`", folder.display());
    Some(folder)
}

/// The files that describe these endpoints, by release.
pub(super) struct Bundles {
    /// The file and the schema of each endpoint.
    responses: Vec<BTreeMap<String, (usize, Value)>>,
    files: Vec<Value>,
    /// The responses that were requested, by release and endpoint.
    requested: RefCell<BTreeSet<(usize, String)>>,
}

impl Bundles {
    pub(super) fn read(folder: &Path, endpoints: &BTreeSet<&str>) -> Self {
        let mut bundles = Self {
            responses: Vec::new(),
            files: Vec::new(),
            requested: RefCell::default(),
        };
        for release in RELEASES {
            bundles.responses.push(BTreeMap::new());
            for entry in fs::read_dir(folder.join(release)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|it| it == "yaml") {
                    bundles.add(&path, endpoints);
                }
            }
        }
        let found: usize = bundles.responses.iter().map(BTreeMap::len).sum();
        assert!(found > 70, "{found} endpoints in `{}`", folder.display());
        bundles
    }

    /// Parsing takes a second for each file, so only those with an endpoint are parsed.
    fn add(&mut self, path: &Path, endpoints: &BTreeSet<&str>) {
        let text = fs::read_to_string(path).unwrap();
        let named = |endpoint: &&&str| text.contains(&format!("{endpoint}:"));
        let named: Vec<_> = endpoints.iter().filter(named).collect();
        if named.is_empty() {
            return;
        }
        // YAML 1.2: `NO` and `OFF` are strings.
        let file: Value = serde_yaml::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for endpoint in named {
            let response = &file["paths"][*endpoint]["get"]["responses"]["200"];
            let content = resolved(response, &file)["content"].as_object();
            let mut schemas = content.into_iter().flat_map(|it| it.values());
            let schema = schemas.next().map(|body| resolved(&body["schema"], &file));
            if let Some(schema) = schema.filter(|schema| schema.is_object())
                && let Some(responses) = self.responses.last_mut()
            {
                responses.insert((*endpoint).to_string(), (self.files.len(), schema.clone()));
            }
        }
        self.files.push(file);
    }

    /// How many pairs of release and endpoint were requested, and how many there are.
    pub(super) fn coverage(&self, endpoints: &BTreeSet<&str>) -> (usize, usize) {
        let requested = self.requested.borrow().len();
        let pairs =
            (0..RELEASES.len()).flat_map(|release| endpoints.iter().map(move |it| (release, it)));
        let known = pairs.filter(|(release, endpoint)| self.response(*release, endpoint).is_some());
        (requested, known.count())
    }

    /// The file and the schema of a response. If the bundle of the release lacks it, that
    /// of the newest release before it.
    pub(super) fn response(&self, release: usize, endpoint: &str) -> Option<(&Value, &Value)> {
        let mut responses = self.responses.get(..=release)?.iter().rev();
        let (file, schema) = responses.find_map(|it| it.get(endpoint))?;
        let mut requested = self.requested.borrow_mut();
        requested.insert((release, endpoint.to_owned()));
        Some((self.files.get(*file)?, schema))
    }
}

/// The target of a local reference; any other value is its own target. A reference
/// to a file that no bundle has leads to null.
pub(super) fn resolved<'a>(value: &'a Value, file: &'a Value) -> &'a Value {
    let Some(reference) = value["$ref"].as_str() else {
        return value;
    };
    let Some(pointer) = reference.strip_prefix('#') else {
        return &Value::Null;
    };
    let found = file.pointer(pointer);
    resolved(found.unwrap_or_else(|| panic!("no `{reference}`")), file)
}
