//! Maps whose keys are chosen by the operator or known only to the guest.

use serde_json::{Map, Value as Json};

use super::super::documented::{DefaultValue, Doc};
use super::super::json::json;
use super::super::yaml::{Key, Node, Scalar, YamlValue};
use super::{MASK, Section, join, wrong_kind};

impl<'n> Section<'n> {
    /// Maps under the names of collectors: first the `defaults` that the file does
    /// not have, then those of the file in its order.
    pub(in crate::config) fn named<R>(
        &mut self,
        defaults: &[&'static str],
        mut read: impl FnMut(&str, &mut Section<'n>) -> R,
    ) -> Vec<R> {
        let mut results = Vec::new();
        for &name in defaults {
            if self.names(name) {
                continue;
            }
            self.known.push(name);
            results.push(self.collector(name, (&[], self.line), &mut read));
        }
        for (key, node) in self.entries {
            self.known.push(&key.name);
            let entries = match &node.value {
                YamlValue::Map(entries) => entries.as_slice(),
                YamlValue::Null => &[],
                _ => {
                    let at = join(&self.at, &key.name);
                    let expected = "a map such as `{ enabled: true }`";
                    wrong_kind(&at, node, expected, self.findings);
                    continue;
                }
            };
            results.push(self.collector(&key.name, (entries, node.line), &mut read));
        }
        results
    }

    fn collector<R>(
        &mut self,
        name: &str,
        (entries, line): (&'n [(Key, Node)], usize),
        read: &mut impl FnMut(&str, &mut Section<'n>) -> R,
    ) -> R {
        let mut section = Section::new(join(&self.at, name), line, entries, self.findings);
        let result = read(name, &mut section);
        self.show(name, section.finish());
        result
    }

    /// Every key that was not read yet, for another reader.
    pub(in crate::config) fn rest(&mut self) -> Map<String, Json> {
        let mut rest = Map::new();
        for (key, node) in self.entries {
            if self.known.contains(&key.name.as_str()) {
                continue;
            }
            self.known.push(&key.name);
            rest.insert(key.name.clone(), json(node, |scalar| &scalar.text));
            self.show(&key.name, json(node, |scalar| &scalar.written));
        }
        rest
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
