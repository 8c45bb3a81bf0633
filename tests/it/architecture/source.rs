//! Reads source files, and the paths that they name.

use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap().to_owned()
}

/// Every Rust file below a folder, relative to the workspace, and its text.
pub(super) fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![workspace().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(workspace()).unwrap().to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// The code without comments.
pub(super) fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// Every path that follows `prefix`, as its names: of `crate::{swap::Stage, site}`
/// and the prefix `crate::` these are `swap`, `Stage` and `site`.
pub(super) fn paths<'a>(code: &'a str, prefix: &str) -> Vec<Vec<&'a str>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let is_whole_word = !code[..at].ends_with(|c: char| is_name(c) || c == ':');
        if is_whole_word {
            follow(&code[at + prefix.len()..], &mut Vec::new(), &mut found);
        }
    }
    found
}

fn follow<'a>(text: &'a str, path: &mut Vec<&'a str>, found: &mut Vec<Vec<&'a str>>) {
    let text = text.trim_start();
    if let Some(list) = text.strip_prefix('{') {
        for item in items(list) {
            follow(item, &mut path.clone(), found);
        }
        return;
    }
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if !name.is_empty() {
        path.push(name);
    }
    match rest.strip_prefix("::") {
        Some(rest) if !name.is_empty() => follow(rest, path, found),
        _ if path.is_empty() => {}
        _ => found.push(path.clone()),
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The items of a list up to its closing brace, separated by commas.
fn items(list: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut items) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                items.push(&list[begin..at]);
                begin = at + 1;
            }
            '}' if depth == 0 => {
                items.push(&list[begin..at]);
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    items
}

#[test]
fn every_form_of_an_import_is_found() {
    let text = "use crate::swap::{Stage, Cause};\n\
                use crate::{egress::{self, Egress}, guest,\n http::State};\n\
                // crate::config is in a comment\n\
                let now = crate::clock::Clock::now(); use crate::site;";
    let code = code(text);
    let found = paths(&code, "crate::");
    let expected: [&[&str]; 8] = [
        &["swap", "Stage"],
        &["swap", "Cause"],
        &["egress", "self"],
        &["egress", "Egress"],
        &["guest"],
        &["http", "State"],
        &["clock", "Clock", "now"],
        &["site"],
    ];
    assert_eq!(found, expected);
    assert_eq!(paths("use other_crate::x;", "crate::").len(), 0);
}
