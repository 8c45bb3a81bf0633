//! The files of the guest have no import cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::source::{code, files, paths};

/// A module as the names of its path.
type Module = Vec<String>;

/// `guest/src/api/page.rs` is the module `api::page`.
fn module(path: &Path, crate_folder: &str) -> Module {
    let inside = path.strip_prefix(crate_folder).unwrap().with_extension("");
    let names = inside
        .iter()
        .map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "lib").collect()
}

/// The modules that each module imports.
fn graph(sources: &[(Module, String)]) -> BTreeMap<&Module, BTreeSet<Module>> {
    let modules: BTreeSet<&Module> = sources.iter().map(|(module, _)| module).collect();
    let imports = |(module, text): &(Module, String)| {
        // Tests may import anything.
        let code = code(text.split("#[cfg(test)]").next().unwrap_or_default());
        let parent = &module[..module.len().saturating_sub(1)];
        let children = modules
            .iter()
            .filter(|other| other.len() == module.len() + 1 && other.starts_with(module));
        let mut bases = vec![
            ("crate::".to_owned(), Vec::new()),
            ("super::".to_owned(), parent.to_vec()),
            ("self::".to_owned(), module.clone()),
        ];
        bases.extend(children.map(|child| (format!("{}::", child[module.len()]), child.to_vec())));
        let mut imports = BTreeSet::new();
        for (prefix, base) in bases {
            for path in paths(&code, &prefix) {
                imports.insert(resolve(&modules, &base, &path));
            }
        }
        imports.remove(module);
        imports
    };
    let edges = sources.iter().map(|source| (&source.0, imports(source)));
    edges.collect()
}

/// The longest module path that `path` begins with.
fn resolve(modules: &BTreeSet<&Module>, base: &[String], path: &[&str]) -> Module {
    let mut module = base.to_vec();
    for &name in path {
        if name == "super" {
            module.pop();
            continue;
        }
        module.push(name.to_owned());
        if !modules.contains(&module) {
            module.pop();
            break;
        }
    }
    module
}

/// Modules on a cycle: what remains after removing all modules without imports.
fn cyclic(sources: &[(Module, String)]) -> Vec<String> {
    let mut graph = graph(sources);
    loop {
        let rest: BTreeSet<Module> = graph.keys().map(|module| (*module).clone()).collect();
        let before = graph.len();
        graph.retain(|_, imports| imports.iter().any(|import| rest.contains(import)));
        if graph.len() == before {
            return rest.iter().map(|module| module.join("::")).collect();
        }
    }
}

#[test]
fn a_cycle_is_found() {
    let source = |module: &str, text: &str| {
        let names = module.split("::").map(str::to_owned);
        (names.collect::<Module>(), text.to_owned())
    };
    let mut sources = vec![
        source("a", "use crate::b::{self, x::Y};\nmod c;"),
        source("a::c", "use super::d::Z; use crate::b::Y;"),
        source("a::d", "#[cfg(test)] mod tests { use super::super::c; }"),
        source("b", "pub mod x; pub use x::Y;"),
        source("b::x", ""),
    ];
    assert_eq!(cyclic(&sources), Vec::<String>::new());
    sources[4].1 = "use super::Other;".to_owned();
    assert!(cyclic(&sources).ends_with(&["b".to_owned(), "b::x".to_owned()]));
}

#[test]
fn the_files_of_the_guest_have_no_import_cycles() {
    let folder = "guest/src";
    let files = files(folder).into_iter();
    let sources: Vec<_> = files
        .map(|(path, text)| (module(&path, folder), text))
        .filter(|(module, _)| !module.is_empty())
        .collect();
    assert_eq!(cyclic(&sources), Vec::<String>::new());
}
