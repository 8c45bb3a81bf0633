//! Metric families, and a builder that cannot make an ill-formed one.
//!
//! A [`Definition`] knows how many labels it has, so that a sample with one too
//! few does not compile; [`Series`] is a map by label values, so that no two
//! samples of a family carry the same ones.

use std::collections::BTreeMap;

use crate::manifest::DescribedFamily;

/// What a family's numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Prometheus' own words")]
pub enum Kind {
    Gauge,
    Counter,
    Histogram,
}

/// A family with its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The metric's name.
    pub name: String,
    /// Its HELP text.
    pub help: String,
    /// Its label names, without `site`.
    pub labels: Vec<String>,
    /// All of one kind.
    pub samples: Samples,
}

/// The samples of a family.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "Prometheus' own words")]
pub enum Samples {
    Gauge(Vec<Point>),
    Counter(Vec<Point>),
    Histogram(Vec<Distribution>),
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// One for each label of the family.
    pub label_values: Vec<String>,
    /// In the unit that the family's name says.
    pub value: f64,
}

/// A distribution of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// One for each label of the family.
    pub label_values: Vec<String>,
    /// Upper bound and cumulative count, ascending; `+Inf` is `count`.
    pub buckets: Vec<(f64, u64)>,
    /// Of all the numbers.
    pub sum: f64,
    /// Of all the numbers.
    pub count: u64,
}

/// A family as its collector knows it before there are samples.
#[derive(Debug)]
pub struct Definition<const LABELS: usize> {
    /// The metric's name.
    pub name: &'static str,
    /// What its numbers mean.
    pub kind: Kind,
    /// Its HELP text.
    pub help: &'static str,
    /// Its label names, without `site`.
    pub labels: [&'static str; LABELS],
}

impl<const LABELS: usize> Definition<LABELS> {
    /// As the host is told about it.
    pub fn describe(&self) -> DescribedFamily {
        DescribedFamily {
            name: self.name.to_owned(),
            kind: self.kind,
            help: self.help.to_owned(),
            labels: self.labels.map(str::to_owned).to_vec(),
        }
    }

    /// The family with these samples.
    pub fn with(&self, samples: Samples) -> Family {
        let described = self.describe();
        Family {
            name: described.name,
            help: described.help,
            labels: described.labels,
            samples,
        }
    }
}

/// Collects the points of a gauge or a counter, sorted by label values.
#[derive(Debug)]
pub struct Series<const LABELS: usize> {
    definition: &'static Definition<LABELS>,
    points: BTreeMap<[String; LABELS], f64>,
}

impl<const LABELS: usize> Series<LABELS> {
    /// Without points.
    pub fn new(definition: &'static Definition<LABELS>) -> Self {
        Self {
            definition,
            points: BTreeMap::new(),
        }
    }

    /// A later value replaces an earlier one with the same labels. An absent
    /// value sets nothing: what is not known is not 0.
    pub fn set(&mut self, labels: [&str; LABELS], value: Option<f64>) {
        if let Some(value) = value {
            self.points.insert(labels.map(str::to_owned), value);
        }
    }

    /// Adds to what there is.
    pub fn add(&mut self, labels: [&str; LABELS], value: f64) {
        *self.points.entry(labels.map(str::to_owned)).or_default() += value;
    }

    /// Keeps the largest.
    pub fn raise(&mut self, labels: [&str; LABELS], value: f64) {
        let point = self.points.entry(labels.map(str::to_owned)).or_default();
        *point = point.max(value);
    }

    /// The finished family, of the kind that its definition says.
    pub fn finish(self) -> Family {
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
            // A histogram is never built from points.
            Kind::Gauge | Kind::Histogram => Samples::Gauge(points),
        })
    }
}
