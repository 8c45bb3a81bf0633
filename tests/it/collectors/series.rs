//! Series as text, so that a failed comparison is readable.

use std::collections::BTreeMap;

use tests::Exposition;

/// Values by `name[(label, value), …]`, without `site`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Series(BTreeMap<String, f64>);

impl Series {
    /// Every series of a site in these families.
    pub(super) fn shown(exposition: &Exposition, site: &str, families: &[&str]) -> Self {
        let mut shown = Self::default();
        for family in families {
            for sample in exposition.all(family, &[("site", site)]) {
                let labels = sample.labels.iter().filter(|(name, _)| *name != "site");
                let labels: Vec<_> = labels.map(|(n, v)| (n.as_str(), v.as_str())).collect();
                shown.set(family, &labels, sample.value);
            }
        }
        shown
    }

    /// One series. Fails the test when it is there already.
    pub(super) fn set(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let before = self.0.insert(key(name, labels), value);
        assert_eq!(before, None, "{name}{labels:?} stands twice");
    }

    /// The same, if there is a value.
    pub(super) fn maybe(&mut self, name: &str, labels: &[(&str, &str)], value: Option<u64>) {
        if let Some(value) = value {
            self.set(name, labels, value as f64);
        }
    }

    /// Adds to a series.
    pub(super) fn add(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        *self.0.entry(key(name, labels)).or_default() += value as f64;
    }

    /// The number of series.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Fails the test unless both are equal, and shows only the differences.
    pub(super) fn assert_is(&self, facts: &Self, of: &str) {
        let differs = |a: &Self, b: &Self| {
            let other = |(key, value): &(&String, &f64)| b.0.get(*key) != Some(*value);
            let rows = a.0.iter().filter(other);
            rows.map(|(key, value)| format!("{key} {value}"))
                .collect::<Vec<_>>()
        };
        let (shown, true_) = (differs(self, facts), differs(facts, self));
        assert!(
            shown.is_empty() && true_.is_empty(),
            "{of}: shown is\n{shown:#?}\nand true is\n{true_:#?}"
        );
    }
}

/// The labels in the order of their names.
fn key(name: &str, labels: &[(&str, &str)]) -> String {
    let mut labels = labels.to_vec();
    labels.sort_unstable();
    format!("{name}{labels:?}")
}
