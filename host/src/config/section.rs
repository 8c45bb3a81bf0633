//! Reads one map of the file, key by key.
//!
//! A section remembers which keys it was asked for: the rest are unknown. It
//! also writes down what each key came to, default or given, which makes the
//! masked copy of the configuration complete by construction.

use serde_json::{Map, Value as Json};
use serde_yaml::{Mapping, Value as Yaml};

use super::file::{Key, Node, Scalar, Value};
use super::json::{json, typed};
use super::problem::{Findings, Problem};
use super::setting::{Complaint, Setting};

mod list;

/// What stands in the place of a secret.
const MASK: &str = "********";

/// A map of the file while it is read.
pub(super) struct Section<'n> {
    at: String,
    line: usize,
    entries: &'n [(Key, Node)],
    asked: Vec<&'n str>,
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
            Value::Map(entries) => entries.as_slice(),
            other => {
                if !matches!(other, Value::Null) {
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
            asked: Vec::new(),
            shown: Mapping::new(),
            findings,
        }
    }

    /// Reports every key that nobody asked for, and gives the masked copy.
    pub(super) fn finish(self) -> Yaml {
        for (key, _) in self.entries {
            if !self.asked.contains(&key.name.as_str()) {
                self.findings.problem(Problem {
                    file: None,
                    at: join(&self.at, &key.name),
                    line: Some(key.line),
                    message: "unknown key".into(),
                    hint: Some(near(&key.name, &self.asked)),
                });
            }
        }
        Yaml::Mapping(self.shown)
    }

    /// What was collected while reading; for files and warnings.
    pub(super) fn findings(&self) -> &'n Findings {
        self.findings
    }

    /// A key that has a default.
    pub(super) fn value<T: Setting>(&mut self, key: &'static str, default: T) -> T {
        match self.optional(key) {
            Some(value) => value,
            None => {
                self.show(key, default.show());
                default
            }
        }
    }

    /// A key that may be left out.
    pub(super) fn optional<T: Setting>(&mut self, key: &'static str) -> Option<T> {
        let (scalar, line) = self.scalar(key)?;
        self.show(key, typed(scalar, &scalar.text));
        T::read(&scalar.text)
            .map_err(|complaint| self.complain(key, line, scalar, complaint))
            .ok()
    }

    /// A key that must be there; none when it is not, or is wrong, which has
    /// then been reported.
    pub(super) fn required<T: Setting>(&mut self, key: &'static str, hint: &str) -> Option<T> {
        if !self.has(key) {
            self.asked.push(key);
            self.problem(key, "is missing", hint);
            return None;
        }
        self.optional(key)
    }

    /// The text of a secret. Nothing ever shows it.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<&'n str> {
        let (scalar, _) = self.scalar(key)?;
        self.show(key, MASK);
        Some(&scalar.text)
    }

    /// Texts: a list of them, or one text with commas between. Empty when the key
    /// is left out.
    pub(super) fn separated(&mut self, key: &'static str) -> Vec<String> {
        let Some(node) = self.node(key) else {
            return Vec::new();
        };
        let scalars: Option<Vec<_>> = match &node.value {
            Value::List(items) => items.iter().map(Node::scalar).collect(),
            _ => node.scalar().map(|scalar| vec![scalar]),
        };
        let Some(scalars) = scalars else {
            wrong_kind(&join(&self.at, key), node, "a list of texts", self.findings);
            return Vec::new();
        };
        let texts = scalars
            .into_iter()
            .flat_map(|scalar| scalar.text.split(','));
        let texts: Vec<_> = texts.map(|text| text.trim().to_owned()).collect();
        self.show(key, &texts);
        texts
    }

    /// What the masked copy shows of a key instead of what was read.
    pub(super) fn show_as(&mut self, key: &'static str, shown: &str) {
        self.show(key, shown);
    }

    /// Keys that are accepted and change nothing.
    pub(super) fn unused(&mut self, keys: &[&'static str]) {
        for key in keys {
            if let Some((scalar, _)) = self.scalar(key) {
                self.show(key, typed(scalar, &scalar.written));
            }
        }
    }

    /// A map within, whose keys all have defaults.
    pub(super) fn nested<R>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'n>) -> R,
    ) -> R {
        let map = self.map(key).unwrap_or((&[], self.line));
        self.within(key, map, read)
    }

    /// A map within that is only read when it is given.
    pub(super) fn given<R>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'n>) -> R,
    ) -> Option<R> {
        let map = self.map(key)?;
        Some(self.within(key, map, read))
    }

    fn within<R>(
        &mut self,
        key: &'static str,
        (entries, line): (&'n [(Key, Node)], usize),
        read: impl FnOnce(&mut Section<'n>) -> R,
    ) -> R {
        let mut section = Section::new(join(&self.at, key), line, entries, self.findings);
        let result = read(&mut section);
        self.show(key, section.finish());
        result
    }

    /// A list of maps; none when the key is left out or is no list.
    pub(super) fn each<R>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Section<'n>) -> R,
    ) -> Option<Vec<R>> {
        let node = self.node(key)?;
        let Value::List(items) = &node.value else {
            wrong_kind(&join(&self.at, key), node, "a list", self.findings);
            return None;
        };
        let (mut results, mut all_shown) = (Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            let at = format!("{}[{index}]", join(&self.at, key));
            let Value::Map(entries) = &item.value else {
                wrong_kind(&at, item, "a map", self.findings);
                continue;
            };
            let mut section = Section::new(at, item.line, entries, self.findings);
            results.push(read(&mut section));
            all_shown.push(section.finish());
        }
        self.show(key, Yaml::Sequence(all_shown));
        Some(results)
    }

    /// A map whose keys are not ours to know: the names of collectors.
    pub(super) fn named<R>(
        &mut self,
        mut read: impl FnMut(&'n str, &mut Section<'n>) -> R,
    ) -> Vec<R> {
        let mut results = Vec::new();
        for (key, node) in self.entries {
            self.asked.push(&key.name);
            let at = join(&self.at, &key.name);
            let entries = match &node.value {
                Value::Map(entries) => entries.as_slice(),
                Value::Null => &[],
                _ => {
                    wrong_kind(
                        &at,
                        node,
                        "a map, such as `{ enabled: true }`,",
                        self.findings,
                    );
                    continue;
                }
            };
            let mut section = Section::new(at, node.line, entries, self.findings);
            results.push(read(&key.name, &mut section));
            self.show(&key.name, section.finish());
        }
        results
    }

    /// Every key that was not asked for, for somebody else to read.
    pub(super) fn rest(&mut self) -> Map<String, Json> {
        let mut rest = Map::new();
        for (key, node) in self.entries {
            if self.asked.contains(&key.name.as_str()) {
                continue;
            }
            self.asked.push(&key.name);
            rest.insert(key.name.clone(), json(node, |scalar| &scalar.text));
            self.show(&key.name, json(node, |scalar| &scalar.written));
        }
        rest
    }

    /// Whether the key stands there, with a value or without.
    pub(super) fn names(&self, key: &str) -> bool {
        self.entries.iter().any(|(known, _)| known.name == key)
    }

    /// Whether the key has a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries
            .iter()
            .any(|(known, node)| known.name == key && !matches!(node.value, Value::Null))
    }

    /// Reports something about a key that only its reader can know. With an
    /// empty key it is about the section.
    pub(super) fn problem(&self, key: &str, message: impl Into<String>, hint: &str) {
        self.findings.problem(self.about(key, message, hint));
    }

    /// Notes that a key does not do what it seems to say.
    pub(super) fn warning(&self, key: &str, message: impl Into<String>, hint: &str) {
        self.findings.warning(self.about(key, message, hint));
    }

    fn about(&self, key: &str, message: impl Into<String>, hint: &str) -> Problem {
        let entry = self.entries.iter().find(|(known, _)| known.name == key);
        // An empty file has no line worth naming.
        let line = entry.map_or(self.line, |(known, _)| known.line);
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

    fn complain(&self, key: &str, line: usize, scalar: &Scalar, complaint: Complaint) {
        let message = match scalar.written.as_str() {
            "" => "the text is empty".to_owned(),
            written => format!("`{written}` {}", complaint.message),
        };
        self.findings.problem(Problem {
            file: None,
            at: join(&self.at, key),
            line: Some(line),
            message,
            hint: complaint.hint,
        });
    }

    fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        let (_, node) = self.entries.iter().find(|(known, _)| known.name == key)?;
        (!matches!(node.value, Value::Null | Value::Broken)).then_some(node)
    }

    fn scalar(&mut self, key: &'static str) -> Option<(&'n Scalar, usize)> {
        let node = self.node(key)?;
        match &node.value {
            Value::Scalar(scalar) => Some((scalar, node.line)),
            _ => {
                wrong_kind(&join(&self.at, key), node, "a single value", self.findings);
                None
            }
        }
    }

    fn map(&mut self, key: &'static str) -> Option<(&'n [(Key, Node)], usize)> {
        let node = self.node(key)?;
        match &node.value {
            Value::Map(entries) => Some((entries, node.line)),
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
fn wrong_kind(at: &str, node: &Node, wanted: &str, findings: &Findings) {
    if matches!(node.value, Value::Broken) {
        return;
    }
    findings.problem(Problem {
        file: None,
        at: at.to_owned(),
        line: Some(node.line),
        message: format!("{wanted} is wanted here, and this is {}", node.value.kind()),
        hint: None,
    });
}

/// The known key that was probably meant, or all of them.
fn near(unknown: &str, known: &[&str]) -> String {
    // No key is as long; comparing takes the longer the longer it is.
    let unknown: String = unknown.chars().take(64).collect();
    let unknown = unknown.to_lowercase();
    let likeness = |key: &&&str| strsim::jaro_winkler(&unknown, &key.to_lowercase());
    match known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
    {
        Some(best) if likeness(&best) > 0.85 => format!("did you mean `{best}`?"),
        _ => format!("the keys here are {}", known.join(", ")),
    }
}
