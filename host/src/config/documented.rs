//! What the reference says about each key, written where the key is read.

use std::borrow::Cow;

use serde_yaml::Value as Yaml;

/// A map and the keys in it.
#[derive(Clone, Debug)]
pub struct DocumentedMap {
    /// Such as `guest.limits`.
    pub path: String,
    /// What the map is for.
    pub text: &'static str,
    /// Its keys, in the order in which they are read.
    pub keys: Vec<DocumentedKey>,
}

/// What an operator needs to know about one key.
#[derive(Clone, Debug)]
pub struct DocumentedKey {
    /// Such as `guest.limits.labels`.
    pub path: String,
    /// Such as `duration`.
    pub kind: &'static str,
    /// As it would be written in the file.
    pub default: DefaultValue,
    /// What the key does.
    pub text: Cow<'static, str>,
    /// What a reload cannot apply; `None` if it applies every change.
    pub restart: Option<&'static str>,
}

/// What applies if a key is left out.
#[derive(Clone, Debug, PartialEq)]
pub enum DefaultValue {
    /// The file is rejected.
    Required,
    /// Nothing, or what the text of the key says.
    Unset,
    /// This value.
    Value(String),
}

/// The text about a key, written where the key is read.
#[derive(Clone, Copy)]
pub(super) struct Doc {
    text: &'static str,
    restart: Option<&'static str>,
}

impl From<&'static str> for Doc {
    fn from(text: &'static str) -> Self {
        Self {
            text,
            restart: None,
        }
    }
}

impl Doc {
    /// A key of which a reload cannot apply every change.
    pub(super) fn with_restart(text: &'static str, restart: &'static str) -> Self {
        Self {
            text,
            restart: Some(restart),
        }
    }
}

/// Adds a map.
pub(super) fn begin(maps: &mut Vec<DocumentedMap>, path: &str, text: &'static str) {
    maps.push(DocumentedMap {
        path: path.to_owned(),
        text,
        keys: Vec::new(),
    });
}

/// Adds a key to the innermost documented map that holds it.
pub(super) fn insert(maps: &mut [DocumentedMap], key: DocumentedKey) {
    let holds = |map: &&mut DocumentedMap| {
        let rest = key.path.strip_prefix(&map.path);
        rest.is_some_and(|rest| rest.starts_with('.'))
    };
    if let Some(map) = maps.iter_mut().filter(holds).max_by_key(|m| m.path.len()) {
        map.keys.push(key);
    }
}

impl DocumentedKey {
    pub(super) fn new(path: String, kind: &'static str, default: DefaultValue, doc: Doc) -> Self {
        Self {
            path,
            kind,
            default,
            text: doc.text.into(),
            restart: doc.restart,
        }
    }

    /// A key that the guest declares.
    pub(super) fn of_guest(
        path: String,
        kind: &'static str,
        default: DefaultValue,
        text: String,
    ) -> Self {
        Self {
            path,
            kind,
            default,
            text: text.into(),
            restart: None,
        }
    }
}

impl From<Yaml> for DefaultValue {
    fn from(value: Yaml) -> Self {
        let text = serde_yaml::to_string(&value).unwrap_or_default();
        Self::Value(text.trim().trim_matches('\'').to_owned())
    }
}
