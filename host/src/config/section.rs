//! Reads one map of the file, key by key.
//!
//! A section remembers which keys were read: all others are unknown. It also
//! records the value of each key, default or given, so that the masked copy of
//! the configuration is complete.

use serde_yaml::{Mapping, Value as Yaml};

use super::documented::{DefaultValue, Doc, DocumentedKey};
use super::json::typed;
use super::problem::{Findings, Problem};
use super::setting::{Complaint, Setting, complaint};
use super::yaml::{Key, Node, Scalar, YamlValue};

mod free_keys;
mod hints;
mod list;

/// Replaces a secret in the masked copy.
const MASK: &str = "********";
/// What the reference calls a secret.
const SECRET: &str = "secret";

/// A map of the file while it is read.
pub(super) struct Section<'n> {
    at: String,
    line: usize,
    entries: &'n [(Key, Node)],
    known: Vec<&'n str>,
    shown: Mapping,
    findings: &'n Findings,
}

/// `server` and `port` are `server.port`.
pub(super) fn join(at: &str, key: &str) -> String {
    if at.is_empty() {
        key.to_owned()
    } else {
        format!("{at}.{key}")
    }
}

impl<'n> Section<'n> {
    /// The file's outermost map; an empty file is an empty map.
    pub(super) fn root(node: &'n Node, findings: &'n Findings) -> Self {
        let entries = match &node.value {
            YamlValue::Map(entries) => entries.as_slice(),
            other => {
                if !matches!(other, YamlValue::Null) {
                    wrong_kind("", node, "a map", findings);
                }
                &[]
            }
        };
        Self::new(String::new(), node.line, entries, findings)
    }

    fn new(at: String, line: usize, entries: &'n [(Key, Node)], findings: &'n Findings) -> Self {
        Self {
            at,
            line,
            entries,
            known: Vec::new(),
            shown: Mapping::new(),
            findings,
        }
    }

    /// Reports every unknown key, and returns the masked copy.
    pub(super) fn finish(self) -> Yaml {
        for (key, _) in self.entries {
            // An empty name was reported when it was parsed.
            if !key.name.is_empty() && !self.known.contains(&key.name.as_str()) {
                let hint = hints::unknown_key(&key.name, &self.known);
                self.findings.problem(Problem {
                    at: join(&self.at, &key.name),
                    ..Problem::on_line(key.line, "unknown key", hint)
                });
            }
        }
        Yaml::Mapping(self.shown)
    }

    /// Problems, warnings and files found so far.
    pub(super) fn findings(&self) -> &'n Findings {
        self.findings
    }

    /// A key that has a default.
    pub(super) fn value<T: Setting>(
        &mut self,
        key: &'static str,
        default: T,
        doc: impl Into<Doc>,
    ) -> T {
        self.document(key, T::KIND, || default.show().into(), doc);
        match self.parsed(key) {
            Some(value) => value,
            None => {
                self.show(key, default.show());
                default
            }
        }
    }

    /// A key that may be left out.
    pub(super) fn optional<T: Setting>(
        &mut self,
        key: &'static str,
        doc: impl Into<Doc>,
    ) -> Option<T> {
        self.document(key, T::KIND, || DefaultValue::Unset, doc);
        self.parsed(key)
    }

    /// A key that must be present. `None` if it is missing or invalid, which is
    /// then reported.
    pub(super) fn required<T: Setting>(
        &mut self,
        key: &'static str,
        hint: &str,
        doc: impl Into<Doc>,
    ) -> Option<T> {
        self.document(key, T::KIND, || DefaultValue::Required, doc);
        if !self.has(key) {
            self.known.push(key);
            self.problem(key, "is missing", hint);
            return None;
        }
        self.parsed(key)
    }

    /// The text of a secret, which is never shown.
    pub(super) fn secret(&mut self, key: &'static str, doc: impl Into<Doc>) -> Option<&'n str> {
        self.document(key, SECRET, || DefaultValue::Unset, doc);
        let (scalar, _) = self.scalar(key)?;
        self.show(key, MASK);
        Some(&scalar.text)
    }

    /// Shows this in the masked copy instead of the value that was read.
    pub(super) fn show_as(&mut self, key: &'static str, shown: &str) {
        self.show(key, shown);
    }

    /// Keys that are accepted and change nothing.
    pub(super) fn unused(&mut self, keys: &[&'static str]) {
        for key in keys {
            let doc = "Accepted, since the Go exporter had it, and not used.";
            self.document(key, "any", || DefaultValue::Unset, doc);
            if let Some((scalar, _)) = self.scalar(key) {
                self.show(key, typed(scalar, &scalar.written));
            }
        }
    }

    /// A map whose keys all have defaults.
    pub(super) fn nested<R>(
        &mut self,
        key: &'static str,
        text: &'static str,
        read: impl FnOnce(&mut Section<'n>) -> R,
    ) -> R {
        let map = self.map(key).unwrap_or((&[], self.line));
        self.within(key, text, map, read)
    }

    /// A map that is read only if it is present.
    pub(super) fn given<R>(
        &mut self,
        key: &'static str,
        text: &'static str,
        read: impl FnOnce(&mut Section<'n>) -> R,
    ) -> Option<R> {
        let map = self.map(key)?;
        Some(self.within(key, text, map, read))
    }

    fn within<R>(
        &mut self,
        key: &'static str,
        text: &'static str,
        (entries, line): (&'n [(Key, Node)], usize),
        read: impl FnOnce(&mut Section<'n>) -> R,
    ) -> R {
        let mut section = Section::new(join(&self.at, key), line, entries, self.findings);
        self.findings.document_map(&section.at, text);
        let result = read(&mut section);
        self.show(key, section.finish());
        result
    }

    /// Whether the key has a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries
            .iter()
            .any(|(entry, node)| entry.name == key && !matches!(node.value, YamlValue::Null))
    }

    pub(super) fn is_empty_list(&self, key: &str) -> bool {
        let mut entries = self.entries.iter();
        let node = entries.find(|(entry, _)| entry.name == key);
        node.is_some_and(
            |(_, node)| matches!(&node.value, YamlValue::List(items) if items.is_empty()),
        )
    }

    /// Reports a problem that only the reader of a key can find. With an empty
    /// key it is about the section.
    pub(super) fn problem(&self, key: &str, message: impl Into<String>, hint: &str) {
        self.findings.problem(self.about(key, message, hint));
    }

    /// Warns that a key has another effect than it seems to have.
    pub(super) fn warning(&self, key: &str, message: impl Into<String>, hint: &str) {
        self.findings.warning(self.about(key, message, hint));
    }

    fn about(&self, key: &str, message: impl Into<String>, hint: &str) -> Problem {
        let entry = self.entries.iter().find(|(entry, _)| entry.name == key);
        // In an empty file no line is worth naming.
        let line = entry.map_or(self.line, |(entry, _)| entry.line);
        let in_file = !self.at.is_empty() || entry.is_some();
        Problem {
            file: None,
            at: if key.is_empty() {
                self.at.clone()
            } else {
                join(&self.at, key)
            },
            line: in_file.then_some(line),
            message: message.into(),
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
        }
    }

    fn document(
        &self,
        key: &str,
        kind: &'static str,
        default: impl FnOnce() -> DefaultValue,
        doc: impl Into<Doc>,
    ) {
        let doc = doc.into();
        let key = || DocumentedKey::new(join(&self.at, key), kind, default(), doc);
        self.findings.document(key);
    }

    fn parsed<T: Setting>(&mut self, key: &'static str) -> Option<T> {
        let (scalar, line) = self.scalar(key)?;
        self.show(key, typed(scalar, &scalar.text));
        T::read(&scalar.text)
            .map_err(|complaint| self.complain(key, line, scalar, complaint))
            .ok()
    }

    /// Rejects the value of a key that was read, or its default.
    pub(super) fn reject(&self, key: &str, message: &str, hint: &str) {
        let mut entries = self.entries.iter();
        let entry = entries.find(|(entry, _)| entry.name == key);
        match entry.and_then(|(_, node)| Some((node.line, node.scalar()?))) {
            Some((line, scalar)) => {
                self.complain(key, line, scalar, complaint(message, hint));
            }
            None => self.problem(key, message, hint),
        }
    }

    fn complain(&self, key: &str, line: usize, scalar: &Scalar, complaint: Complaint) {
        let message = match scalar.written.as_str() {
            "" => "the value is empty".to_owned(),
            written => format!("`{written}` {}", complaint.message),
        };
        let better = hints::of_value(&scalar.written).map(str::to_owned);
        self.findings.problem(Problem {
            at: join(&self.at, key),
            ..Problem::on_line(line, message, better.or(complaint.hint))
        });
    }

    fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        let (_, node) = self.entries.iter().find(|(entry, _)| entry.name == key)?;
        (!matches!(node.value, YamlValue::Null | YamlValue::Reported)).then_some(node)
    }

    fn scalar(&mut self, key: &'static str) -> Option<(&'n Scalar, usize)> {
        let node = self.node(key)?;
        match &node.value {
            YamlValue::Scalar(scalar) => Some((scalar, node.line)),
            _ => {
                wrong_kind(&join(&self.at, key), node, "a single value", self.findings);
                None
            }
        }
    }

    fn map(&mut self, key: &'static str) -> Option<(&'n [(Key, Node)], usize)> {
        let node = self.node(key)?;
        match &node.value {
            YamlValue::Map(entries) => Some((entries, node.line)),
            _ => {
                wrong_kind(&join(&self.at, key), node, "a map", self.findings);
                None
            }
        }
    }

    fn show(&mut self, key: &str, value: impl serde::Serialize) {
        let value = serde_yaml::to_value(value).unwrap_or_default();
        self.shown.insert(key.into(), value);
    }
}

/// Never shows the value itself, which may be a secret in the wrong place.
fn wrong_kind(at: &str, node: &Node, expected: &str, findings: &Findings) {
    if matches!(node.value, YamlValue::Reported) {
        return;
    }
    let message = format!("expected {expected}, found {}", node.value.kind());
    findings.problem(Problem {
        at: at.to_owned(),
        ..Problem::on_line(
            node.line,
            message,
            hints::other_kind(at, expected, &node.value),
        )
    });
}
