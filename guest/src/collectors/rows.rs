//! Rows of a list, each once. A list that changes between two pages may contain a
//! row twice. The last occurrence counts.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use serde::Deserialize;

use crate::api::guard::Identified;
use crate::api::lenient::Text;

/// A row of any list. Each part may be missing.
#[derive(Debug, Deserialize)]
pub(super) struct Row<A> {
    #[serde(default)]
    pub(super) id: Text,
    #[serde(default = "none")]
    attributes: Option<A>,
}

/// `#[serde(default)]` would require `A: Default`.
fn none<A>() -> Option<A> {
    None
}

impl<A> Identified for Row<A> {
    fn identity(&self) -> Option<impl Hash> {
        self.id.0.as_deref()
    }
}

impl<A: Default> Row<A> {
    /// Id and attributes.
    pub(super) fn parts(self) -> (Text, A) {
        (self.id, self.attributes.unwrap_or_default())
    }
}

/// Rows by `id`. Each row without one counts separately.
#[derive(Debug)]
pub(super) struct Distinct<A> {
    rows: BTreeMap<String, A>,
    without_id: Vec<A>,
}

impl<A> Distinct<A> {
    pub(super) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
            without_id: Vec::new(),
        }
    }

    pub(super) fn insert(&mut self, row: Row<A>)
    where
        A: Default,
    {
        let (id, attributes) = row.parts();
        match id.0 {
            Some(id) => drop(self.rows.insert(id, attributes)),
            None => self.without_id.push(attributes),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.without_id.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &A> {
        self.rows.values().chain(&self.without_id)
    }
}

/// Rows by `id`, each with a unique name. Rows that share a name are named by their
/// ids.
#[derive(Debug)]
pub(super) struct Named<T> {
    rows: BTreeMap<String, (Option<String>, T)>,
}

impl<T> Named<T> {
    pub(super) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
        }
    }

    /// A row without `id` goes by its name. A row with neither is ignored.
    pub(super) fn insert(&mut self, id: Text, name: Text, row: T) {
        let (id, name) = (id.0, name.0);
        if let Some(id) = id.or_else(|| name.clone()) {
            self.rows.insert(id, (name, row));
        }
    }

    /// Each row with its name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        let mut times = HashMap::new();
        for (id, (name, _)) in &self.rows {
            *times.entry(name.as_ref().unwrap_or(id)).or_insert(0_u32) += 1;
        }
        self.rows.iter().map(move |(id, (name, row))| {
            let name = name.as_ref().unwrap_or(id);
            let is_unique = times.get(name).is_some_and(|&times| times == 1);
            (if is_unique { name } else { id }.as_str(), row)
        })
    }
}
