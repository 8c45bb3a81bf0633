//! One name has one meaning: no two types of a crate share theirs.

use std::collections::BTreeMap;

use super::source::files;

/// The name of the type that a line outside of any block declares.
fn declared(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let mut word = words.next()?;
    if word.starts_with("pub") {
        // `pub(in crate::x)` contains a space.
        word = words.find(|word| !word.ends_with(')'))?;
    }
    let is_type = ["struct", "enum", "trait", "union"].contains(&word);
    let starts_line = !line.starts_with(char::is_whitespace);
    let name = words.next()?;
    let end = name.find(|c: char| !c.is_alphanumeric());
    (is_type && starts_line).then(|| &name[..end.unwrap_or(name.len())])
}

#[test]
fn types_are_found() {
    let lines = [
        ("struct A;", Some("A")),
        ("pub(in crate::x) struct B<T> {", Some("B")),
        ("pub(super) enum C {", Some("C")),
        ("    struct Inner;", None),
        ("/// A struct D", None),
        ("type E = F;", None),
    ];
    for (line, expected) in lines {
        assert_eq!(declared(line), expected, "{line}");
    }
}

#[test]
fn no_two_types_of_a_crate_share_a_name() {
    for folder in ["host/src", "host/simulator/src", "guest/src"] {
        let mut types = BTreeMap::<String, Vec<String>>::new();
        for (path, text) in files(folder) {
            let is_test = path.iter().any(|part| part == "tests" || part == "tests.rs");
            for name in text.lines().filter_map(declared).filter(|_| !is_test) {
                let found = types.entry(name.to_owned()).or_default();
                found.push(path.display().to_string());
            }
        }
        assert!(types.len() > 30, "{folder}");
        types.retain(|_, paths| paths.len() > 1);
        assert!(types.is_empty(), "{folder}: {types:#?}");
    }
}
