//! Metric families, and a builder that cannot create an invalid one.
//!
//! A [`Definition`] has its number of labels in its type, so a sample with too few
//! does not compile. [`Series`] is a map by label values, so no two samples of a
//! family have the same.

use std::collections::BTreeMap;

use crate::contract::{DeclaredFamily, Kind, Point, ReportedFamily, Samples};

/// A family as its collector defines it.
#[derive(Debug)]
pub struct Definition<const LABELS: usize> {
    /// The metric's name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its HELP text.
    pub help: &'static str,
    /// Its label names, without `site`.
    pub labels: [&'static str; LABELS],
}

impl<const LABELS: usize> Definition<LABELS> {
    /// The description for the host.
    pub fn describe(&self) -> DeclaredFamily {
        DeclaredFamily {
            name: self.name.to_owned(),
            kind: self.kind,
            help: self.help.to_owned(),
            labels: self.labels.map(str::to_owned).to_vec(),
            unit: unit(self.name).map(str::to_owned),
            experimental: false,
        }
    }

    /// The family with these samples.
    pub fn with(&self, samples: Samples) -> ReportedFamily {
        ReportedFamily {
            name: self.name.to_owned(),
            samples,
        }
    }
}

/// The base unit that ends the name of a family.
fn unit(name: &str) -> Option<&'static str> {
    let name = name.strip_suffix("_total").unwrap_or(name);
    let (_, last) = name.rsplit_once('_')?;
    ["seconds", "bytes", "ratio", "files"]
        .into_iter()
        .find(|&unit| unit == last)
}

/// Builds the samples of a gauge or counter, sorted by label values.
#[derive(Debug)]
pub struct Series<const LABELS: usize> {
    definition: &'static Definition<LABELS>,
    points: BTreeMap<[String; LABELS], f64>,
}

impl<const LABELS: usize> Series<LABELS> {
    /// Without samples.
    pub fn new(definition: &'static Definition<LABELS>) -> Self {
        Self {
            definition,
            points: BTreeMap::new(),
        }
    }

    /// Sets a value, or replaces an earlier one. None sets nothing, because an
    /// unknown value is not 0.
    pub fn set(&mut self, labels: [&str; LABELS], value: Option<f64>) {
        if let Some(value) = value {
            self.points.insert(labels.map(str::to_owned), value);
        }
    }

    /// Adds to a value that is 0 at first.
    pub fn add(&mut self, labels: [&str; LABELS], value: f64) {
        *self.points.entry(labels.map(str::to_owned)).or_default() += value;
    }

    /// Keeps the greater value.
    pub fn raise(&mut self, labels: [&str; LABELS], value: f64) {
        let point = self.points.entry(labels.map(str::to_owned)).or_default();
        *point = point.max(value);
    }

    /// The family with these samples.
    pub fn finish(self) -> ReportedFamily {
        let points = self
            .points
            .into_iter()
            .map(|(label_values, value)| Point {
                label_values: label_values.to_vec(),
                value,
            })
            .collect();
        self.definition.with(match self.definition.kind {
            Kind::Counter => Samples::Counter(points),
            // No histogram is built from points.
            Kind::Gauge | Kind::Histogram => Samples::Gauge(points),
        })
    }
}
