//! Hints about mistakes that many keys have in common.

use super::super::reference::{TOP, sections_with};
use super::super::yaml::YamlValue;
use crate::suggestion::suggestion;

/// What to write instead of an unknown key.
pub(super) fn unknown_key(key: &str, known: &[&str]) -> String {
    if key.trim() != key {
        return format!("replace the non-breaking spaces around `{}`", key.trim());
    }
    // Other files have other habits: `certFile` here is `cert_file` there.
    let word = |key: &str| key.replace('_', "").to_lowercase();
    let is_same_word = known.iter().any(|it| word(it) == word(key));
    match sections_with(key).as_slice() {
        sections if is_same_word || sections.is_empty() => suggestion(key, known, "known keys"),
        sections if sections.contains(&TOP) => {
            "write it without indentation, since it belongs to no section".to_owned()
        }
        sections => format!("it belongs below `{}`", sections.join("` or `")),
    }
}

/// What to write instead of a value that no key understands.
pub(super) fn of_value(written: &str) -> Option<&'static str> {
    if written.contains("{{") {
        Some("render the template before the exporter reads the file")
    } else if written.contains("$(") {
        Some("write `${NAME}` for a variable")
    } else if written.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
        Some("replace the typographic quotes by `\"`, or remove them")
    } else {
        None
    }
}

/// How to write a value of the expected kind.
pub(super) fn other_kind(at: &str, expected: &str, found: &YamlValue) -> Option<String> {
    let hint = match (at, found) {
        ("nbuserver", YamlValue::List(_)) => {
            "name the list `nbuservers`, and give each entry a `site`"
        }
        ("nbuservers", YamlValue::Map(_)) => {
            "begin each server with `- site: NAME`, or use `nbuserver` for a single one"
        }
        ("collectors", YamlValue::List(_)) => {
            "write each collector on its own line, such as `jobs: { enabled: true }`"
        }
        _ if at.starts_with("nbuservers[") && at.ends_with(']') => {
            "write each server as `- site: NAME`, with its other keys on the lines below"
        }
        _ if at.starts_with("collectors.") && expected.starts_with("a map") => {
            "write `{ enabled: true }` to switch the collector on, or `{ enabled: false }` to switch \
             it off"
        }
        ("", YamlValue::List(_)) => {
            "write `KEY: VALUE`; in the configuration, the servers belong below `nbuservers:`"
        }
        (_, YamlValue::List(_)) if expected.starts_with("a map") => {
            "remove the `-` before its keys"
        }
        _ if expected.starts_with("a map") => {
            "write its keys on the lines below, indented, as `key: value` with a space after `:`"
        }
        _ if expected.starts_with("a list") => "begin each entry with `- `",
        _ => "write one value after the `:`",
    };
    Some(hint.to_owned())
}
