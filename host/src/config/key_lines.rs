//! The lines of keys, for problems that are found after the file was read.

use std::collections::HashMap;

use super::section::join;
use super::yaml::{Node, YamlValue};

/// The line of each key of the two outer levels, such as `guest.path`.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyLines(HashMap<String, usize>);

impl KeyLines {
    pub(super) fn of(root: &Node) -> Self {
        let mut lines = HashMap::new();
        for (section, node) in entries(root) {
            lines.insert(section.name.clone(), section.line);
            for (key, _) in entries(node) {
                lines.insert(join(&section.name, &key.name), key.line);
            }
        }
        Self(lines)
    }

    /// The line of the key, or of its section if it is left out.
    pub(super) fn find(&self, at: &str) -> Option<usize> {
        let section = || {
            at.rsplit_once('.')
                .and_then(|(section, _)| self.find(section))
        };
        self.0.get(at).copied().or_else(section)
    }

    pub(super) fn has(&self, at: &str) -> bool {
        self.0.contains_key(at)
    }
}

fn entries(node: &Node) -> &[(super::yaml::Key, Node)] {
    match &node.value {
        YamlValue::Map(entries) => entries,
        _ => &[],
    }
}
