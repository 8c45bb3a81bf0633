//! `collectors:` which of them run, and their options.
//!
//! Which collectors there are, and what their options mean, only the guest
//! knows: it checks both when it is loaded.

use super::section::Section;
use crate::guest::Selection;

/// The collectors that run unless they are switched off.
const DEFAULT: [&str; 2] = ["storage", "jobs"];

/// Every collector that is switched on: the default ones that the file does not
/// mention, then the others in the order of the file.
pub(super) fn read(root: &mut Section<'_>) -> Vec<Selection> {
    root.nested("collectors", |section| {
        let mut selected = Vec::new();
        for name in DEFAULT {
            if !section.names(name) {
                selected.push(section.nested(name, |collector| selection(name, collector)));
            }
        }
        selected.extend(section.named(selection));
        selected.into_iter().flatten().collect()
    })
}

fn selection(name: &str, collector: &mut Section<'_>) -> Option<Selection> {
    let enabled = collector.value("enabled", DEFAULT.contains(&name));
    let options = serde_json::Value::Object(collector.rest()).to_string();
    enabled.then(|| Selection {
        name: name.to_owned(),
        options,
    })
}
