//! Differences between the manifests of two guests: collectors, endpoints and
//! families.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::guest::{DeclaredKind, Endpoint, Manifest, Method};

/// Changes from one manifest to another. Moving an item to another collector is not a
/// change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Items only in the new manifest.
    pub added: Vec<ManifestItem>,
    /// Items only in the old manifest.
    pub removed: Vec<ManifestItem>,
    /// Families whose metric type changed.
    pub kinds: Vec<KindChange>,
    /// Collectors that cannot read the states of the old guest. Guests of other names
    /// have states of their own.
    pub older_states: Vec<OlderState>,
}

/// A collector whose state version is lower than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OlderState {
    collector: String,
    before: u32,
    after: u32,
}

/// An item of a manifest, and its collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestItem {
    collector: String,
    what: ItemKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ItemKind {
    Collector,
    Endpoint(String),
    Family(String),
}

/// A family whose metric type changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindChange {
    family: String,
    before: &'static str,
    after: &'static str,
}

impl Difference {
    /// From `old` to `new`.
    pub fn between(old: &Manifest, new: &Manifest) -> Self {
        let before = kinds(old);
        let changed = kinds(new).into_iter().filter_map(|(family, after)| {
            let before = *before.get(family)?;
            (before != after).then(|| KindChange {
                family: family.to_owned(),
                before: word(before),
                after: word(after),
            })
        });
        Self {
            added: only_in(new, old),
            removed: only_in(old, new),
            kinds: changed.collect(),
            older_states: older_states(old, new),
        }
    }

    /// One line per change; empty if there is none.
    pub fn lines(&self) -> Vec<String> {
        self.lines_with(&self.removed)
    }

    /// The same without what removed collectors had.
    pub fn short_lines(&self) -> Vec<String> {
        let is_collector = |item: &&ManifestItem| item.what == ItemKind::Collector;
        let gone = self.removed.iter().filter(is_collector);
        let gone: BTreeSet<_> = gone.map(|item| &item.collector).collect();
        let told = |item: &&ManifestItem| is_collector(item) || !gone.contains(&item.collector);
        self.lines_with(self.removed.iter().filter(told))
    }

    fn lines_with<'d>(
        &'d self,
        removed: impl IntoIterator<Item = &'d ManifestItem>,
    ) -> Vec<String> {
        let added = self.added.iter().map(|item| format!("+ {item}"));
        let removed = removed.into_iter().map(|item| format!("- {item}"));
        let kinds = self.kinds.iter().map(|change| format!("~ {change}"));
        added.chain(removed).chain(kinds).collect()
    }

    /// Endpoints and families that only the new guest has.
    pub fn gained(&self) -> Vec<ManifestItem> {
        let items = self.added.iter();
        let more = items.filter(|item| item.what != ItemKind::Collector);
        more.cloned().collect()
    }

    /// Families that the new guest no longer reports.
    pub fn families_lost(&self) -> Vec<ManifestItem> {
        let items = self.removed.iter();
        let families = items.filter(|item| matches!(item.what, ItemKind::Family(_)));
        families.cloned().collect()
    }
}

impl fmt::Display for ManifestItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let collector = &self.collector;
        match &self.what {
            ItemKind::Collector => write!(f, "collector `{collector}`"),
            ItemKind::Endpoint(it) => write!(f, "endpoint `{it}` of `{collector}`"),
            ItemKind::Family(name) => write!(f, "family `{name}` of `{collector}`"),
        }
    }
}

impl fmt::Display for KindChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (family, before, after) = (&self.family, self.before, self.after);
        write!(
            f,
            "type of family `{family}` changed from {before} to {after}"
        )
    }
}

impl fmt::Display for OlderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (collector, before, after) = (&self.collector, self.before, self.after);
        write!(
            f,
            "`state-version` of collector `{collector}` fell from {before} to {after}"
        )
    }
}

fn older_states(old: &Manifest, new: &Manifest) -> Vec<OlderState> {
    let version_of = |name: &str| {
        let mut collectors = old.collectors.iter().filter(|_| old.name == new.name);
        collectors
            .find(|it| it.name == name)
            .map(|it| it.state_version)
    };
    let older = new.collectors.iter().filter_map(|it| {
        let before = version_of(&it.name).filter(|before| *before > it.state_version)?;
        Some(OlderState {
            collector: it.name.clone(),
            before,
            after: it.state_version,
        })
    });
    older.collect()
}

/// The items of `one` that `other` lacks, in the order of `one`.
fn only_in(one: &Manifest, other: &Manifest) -> Vec<ManifestItem> {
    let collectors: BTreeSet<_> = other.collectors.iter().map(|c| &c.name).collect();
    let endpoints = other.collectors.iter().flat_map(|c| &c.endpoints);
    let endpoints: BTreeSet<_> = endpoints.map(endpoint).collect();
    let families = kinds(other);
    let mut items = Vec::new();
    for declared in &one.collectors {
        let mut add = |what| {
            items.push(ManifestItem {
                collector: declared.name.clone(),
                what,
            });
        };
        if !collectors.contains(&declared.name) {
            add(ItemKind::Collector);
        }
        let own = declared.endpoints.iter().map(endpoint);
        for endpoint in own.filter(|it| !endpoints.contains(it)) {
            add(ItemKind::Endpoint(endpoint));
        }
        for family in &declared.families {
            if !families.contains_key(family.name.as_str()) {
                add(ItemKind::Family(family.name.clone()));
            }
        }
    }
    items
}

fn kinds(manifest: &Manifest) -> BTreeMap<&str, DeclaredKind> {
    let families = manifest.collectors.iter().flat_map(|c| &c.families);
    families.map(|f| (f.name.as_str(), f.kind)).collect()
}

/// Such as `GET /admin/jobs`.
fn endpoint(endpoint: &Endpoint) -> String {
    let method = match endpoint.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    format!("{method} {}", endpoint.path)
}

fn word(kind: DeclaredKind) -> &'static str {
    match kind {
        DeclaredKind::Gauge => "gauge",
        DeclaredKind::Counter => "counter",
        DeclaredKind::Histogram => "histogram",
    }
}

#[cfg(test)]
mod tests;
