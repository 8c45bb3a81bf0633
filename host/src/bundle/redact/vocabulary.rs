//! What the attributes of NetBackup's API hold.

use std::collections::{HashMap, HashSet};

use super::Redaction;

/// Sections in brackets, each with a list of names.
const FILE: &str = include_str!("vocabulary.txt");

/// What an attribute, an option or a label holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// The user wants to keep it.
    Kept,
    /// A word of an enumeration.
    Word,
    /// A number.
    Number,
    /// A number, or a duration such as `5m`.
    Duration,
    /// Such as `10.5`.
    Version,
    /// A number, or a name, a cursor or `TYPE:NAME`.
    Identifier,
    /// A URL, or the path and the query of one.
    Address,
    /// Anything else.
    Text,
}

/// The known names.
pub(super) struct Vocabulary {
    attributes: HashMap<&'static str, ValueKind>,
    segments: HashSet<&'static str>,
    labels: HashSet<&'static str>,
    /// In lower case.
    keep: HashSet<String>,
    choices: HashSet<String>,
}

impl Vocabulary {
    pub(super) fn new(redaction: &Redaction) -> Self {
        let keep = redaction.keep.iter();
        let mut vocabulary = Self {
            attributes: HashMap::new(),
            segments: HashSet::new(),
            labels: HashSet::new(),
            keep: keep.map(|name| name.to_lowercase()).collect(),
            choices: redaction.choices.iter().cloned().collect(),
        };
        let lines = FILE.lines().filter(|line| !line.starts_with('#'));
        let mut section = "";
        for name in lines.flat_map(str::split_whitespace) {
            if let Some(name) = name.strip_prefix('[') {
                section = name.trim_end_matches(']');
            } else {
                vocabulary.add(section, name);
            }
        }
        vocabulary
    }

    fn add(&mut self, section: &str, name: &'static str) {
        let kind = match section {
            "paths" => return self.segments.extend([name]),
            "labels" => return self.labels.extend([name]),
            "words" => ValueKind::Word,
            "numbers" => ValueKind::Number,
            "versions" => ValueKind::Version,
            "identifiers" => ValueKind::Identifier,
            "addresses" => ValueKind::Address,
            _ => ValueKind::Text,
        };
        self.attributes.insert(name, kind);
    }

    pub(super) fn keeps(&self, name: &str) -> bool {
        !self.keep.is_empty() && self.keep.contains(&name.to_lowercase())
    }

    pub(super) fn is_attribute(&self, name: &str) -> bool {
        self.attributes.contains_key(name) || self.keeps(name)
    }

    pub(super) fn is_segment(&self, segment: &str) -> bool {
        self.segments.contains(segment)
    }

    /// What an attribute holds. `parent` is the attribute that holds its object.
    pub(super) fn attribute(&self, parent: &str, name: &str) -> ValueKind {
        if self.keeps(name) {
            return ValueKind::Kept;
        }
        match (parent, name) {
            // `admin.yaml GET /config/media-servers`.
            ("status", "name") => ValueKind::Word,
            ("links", _) => ValueKind::Address,
            _ => self
                .attributes
                .get(name)
                .copied()
                .unwrap_or(ValueKind::Text),
        }
    }

    /// What an option of a collector holds. Most options are numbers and durations, but
    /// a list is one of names.
    pub(super) fn option(&self, name: &str, is_single: bool) -> ValueKind {
        match (self.keeps(name) || self.choices.contains(name), is_single) {
            (true, _) => ValueKind::Kept,
            (false, true) => ValueKind::Duration,
            (false, false) => ValueKind::Text,
        }
    }

    /// What a label of a metric holds.
    pub(super) fn label(&self, name: &str) -> ValueKind {
        if self.keeps(name) {
            ValueKind::Kept
        } else if self.labels.contains(name) {
            ValueKind::Word
        } else if name == "endpoint" {
            ValueKind::Address
        } else {
            ValueKind::Text
        }
    }
}
