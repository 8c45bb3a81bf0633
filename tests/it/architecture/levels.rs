//! A module imports only modules of lower levels. ARCHITECTURE.md lists the levels.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::source::{code, files, paths, workspace};

/// The levels of a table of ARCHITECTURE.md, by module. A row begins with the level
/// and the modules in backticks.
pub(super) fn levels(heading: &str) -> BTreeMap<String, u32> {
    let text = fs::read_to_string(workspace().join("ARCHITECTURE.md")).unwrap();
    let (_, section) = text.split_once(heading).expect(heading);
    let table = section.lines().skip_while(|line| !line.starts_with('|'));
    let mut levels = BTreeMap::new();
    for row in table.take_while(|line| line.starts_with('|')) {
        let mut cells = row.split('|').skip(1);
        let level = cells.next().unwrap_or_default().trim().parse();
        let (Ok(level), Some(modules)) = (level, cells.next()) else {
            continue;
        };
        for module in modules.split('`').skip(1).step_by(2) {
            let other = levels.insert(module.to_owned(), level);
            assert_eq!(other, None, "`{module}` has two levels");
        }
    }
    assert!(!levels.is_empty(), "no table after `{heading}`");
    levels
}

/// `host/src/swap/stage.rs` and `host/src/swap.rs` belong to the module `swap`.
pub(super) fn module(path: &Path, crate_folder: &str) -> String {
    let inside = path.strip_prefix(crate_folder).unwrap();
    let first = inside.iter().next().unwrap().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules that a text imports from its own crate.
pub(super) fn imports(text: &str) -> BTreeSet<String> {
    let code = code(text);
    let paths = paths(&code, "crate::");
    paths.iter().map(|path| path[0].to_owned()).collect()
}

fn is_test(path: &Path) -> bool {
    path.iter()
        .any(|part| part == "tests" || part == "tests.rs")
}

fn check(crate_folder: &str, heading: &str) {
    let levels = levels(heading);
    let mut missing: BTreeSet<&String> = levels.keys().collect();
    for (path, text) in files(crate_folder) {
        let module = module(&path, crate_folder);
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let Some(level) = levels.get(&module) else {
            panic!("`{module}` ({}) has no level", path.display());
        };
        missing.remove(&module);
        // Unit tests may use higher levels.
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        let product = if is_test(&path) { "" } else { product };
        for import in imports(product) {
            // A name without a level is an item of the crate's root.
            let lower = levels.get(&import).is_none_or(|other| other < level);
            let path = path.display();
            assert!(lower || import == module, "{path}: imports `{import}`");
        }
    }
    assert_eq!(missing, BTreeSet::new(), "modules without a file");
}

#[test]
fn rooms_of_the_host_import_lower_levels_only() {
    check("host/src", "The rooms of the host.");
}

#[test]
fn modules_of_the_guest_import_lower_levels_only() {
    check("guest/src", "The modules of the guest.");
}

#[test]
fn modules_of_the_simulator_import_lower_levels_only() {
    check("host/simulator/src", "The modules of the simulator.");
}
