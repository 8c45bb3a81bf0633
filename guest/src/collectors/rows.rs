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
    /// The row with other attributes.
    pub(super) fn map<B>(self, attributes: impl FnOnce(A) -> B) -> Row<B> {
        Row {
            id: self.id,
            attributes: Some(attributes(self.attributes.unwrap_or_default())),
        }
    }

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

/// Rows by `id`, each with a unique name, see [`unique_names`].
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
        let names = unique_names(self.ids_and_names());
        names
            .into_iter()
            .zip(self.rows.values().map(|(_, row)| row))
    }

    /// The name of the row with this id.
    pub(super) fn name_of(&self, id: &str) -> Option<&str> {
        let index = self.rows.keys().position(|one| one == id)?;
        unique_names(self.ids_and_names()).get(index).copied()
    }

    /// Each row with its id and its own name, which other rows may share.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &str, &T)> {
        let rows = self.rows.iter();
        rows.map(|(id, (name, row))| (id.as_str(), name.as_ref().unwrap_or(id).as_str(), row))
    }

    fn ids_and_names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rows().map(|(id, name, _)| (id, name))
    }
}

/// A unique name for each row of these ids and names. Rows are named by their ids if
/// they share a name, or if their name is the id of another row.
pub(super) fn unique_names<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<&'a str> {
    let rows: Vec<_> = rows.into_iter().collect();
    let mut uses: HashMap<&str, u32> = HashMap::new();
    for &(id, name) in &rows {
        *uses.entry(name).or_default() += 1;
        if id != name {
            *uses.entry(id).or_default() += 1;
        }
    }
    let is_unique = |name| uses.get(name).is_some_and(|&uses| uses == 1);
    let names = rows
        .iter()
        .map(|&(id, name)| if is_unique(name) { name } else { id });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_the_id_of_another_row_is_not_used() {
        let names = unique_names([("A", "n"), ("B", "n"), ("C", "A"), ("D", "m"), ("E", "E")]);
        assert_eq!(names, ["A", "B", "C", "m", "E"]);
    }
}
