//! Maps whose keys are chosen by the operator or known only to the guest.

use std::path::Path;
use std::sync::Arc;

use super::super::documented::{DefaultValue, Doc};
use super::super::json::json;
use super::super::yaml::{Scalar, YamlValue};
use super::{MASK, Section, join, wrong_kind};
use crate::guest::{OptionKey, Place};

impl<'n> Section<'n> {
    /// Maps under the names of collectors, with the line of each name, in the order of
    /// the file.
    pub(in crate::config) fn named<R>(
        &mut self,
        mut read: impl FnMut(&str, usize, &mut Section<'n>) -> R,
    ) -> Vec<R> {
        let mut results = Vec::new();
        for (key, node) in self.entries {
            self.known.push(&key.name);
            let at = join(&self.at, &key.name);
            let entries = match &node.value {
                YamlValue::Map(entries) => entries.as_slice(),
                YamlValue::Null => &[],
                _ => {
                    let expected = "a map such as `{ enabled: true }`";
                    wrong_kind(&at, node, expected, self.findings);
                    continue;
                }
            };
            let mut section = Section::new(at, node.line, entries, self.findings);
            results.push(read(&key.name, key.line, &mut section));
            self.show(&key.name, section.finish());
        }
        results
    }

    /// Every key that was not read yet, for the guest. A key of a nested map has the
    /// path `outer.inner`.
    pub(in crate::config) fn options(&mut self, file: &Arc<Path>) -> Vec<OptionKey> {
        let mut options = Vec::new();
        for (key, node) in self.entries {
            if self.known.contains(&key.name.as_str()) {
                continue;
            }
            self.known.push(&key.name);
            self.show(&key.name, json(node, |scalar| &scalar.written));
            let mut add = |path: String, line, node| {
                options.push(OptionKey {
                    path,
                    place: Place {
                        file: file.clone(),
                        line: Some(line),
                    },
                    value: json(node, |scalar| &scalar.text),
                    written: json(node, |scalar| &scalar.written),
                });
            };
            match &node.value {
                YamlValue::Map(entries) => {
                    for (inner, node) in entries {
                        add(format!("{}.{}", key.name, inner.name), inner.line, node);
                    }
                }
                _ => add(key.name.clone(), key.line, node),
            }
        }
        options
    }

    /// Every name with its secret, which is never shown.
    pub(in crate::config) fn secrets(
        &mut self,
        kind: &'static str,
        doc: impl Into<Doc>,
    ) -> Vec<(&'n str, &'n str)> {
        self.document("NAME", kind, || DefaultValue::Unset, doc);
        let mut secrets = Vec::new();
        for (key, node) in self.entries {
            self.known.push(&key.name);
            self.show(&key.name, MASK);
            match &node.value {
                YamlValue::Scalar(Scalar { text, .. }) => {
                    secrets.push((key.name.as_str(), text.as_str()));
                }
                _ => {
                    let at = join(&self.at, &key.name);
                    wrong_kind(&at, node, "a single value", self.findings);
                }
            }
        }
        secrets
    }
}
