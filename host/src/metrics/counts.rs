//! Counts of counters and histograms, and which of them a later report has lost.

use std::collections::HashMap;
use std::fmt;

use super::family::{Family, Samples};

/// A counter, or a histogram by its count, that is lower in a later report.
#[derive(Clone, Debug, PartialEq)]
pub struct FallenCounter {
    /// The name of its family.
    pub family: String,
    /// Name and labels, such as `nbu_x_total{pool="a"}`.
    pub series: String,
    /// Its earlier value.
    pub before: f64,
    /// Its later value; `None` if it is absent.
    pub after: Option<f64>,
}

impl fmt::Display for FallenCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { series, before, .. } = self;
        match self.after {
            Some(after) => write!(f, "counter `{series}` fell from {before} to {after}"),
            None => write!(f, "counter `{series}` is absent after {before}"),
        }
    }
}

/// The counters that are lower in the later families, or absent.
pub fn fallen_counters<'f>(
    before: impl IntoIterator<Item = &'f Family>,
    after: impl IntoIterator<Item = &'f Family>,
) -> Vec<FallenCounter> {
    let after = counts(after);
    let mut fallen = Vec::new();
    for family in before {
        for (series, before) in family_counts(family) {
            let after = after.get(&series).copied();
            if after.is_none_or(|after| after < before) {
                fallen.push(FallenCounter {
                    family: family.name.clone(),
                    series,
                    before,
                    after,
                });
            }
        }
    }
    fallen
}

/// The counters, and the counts of histograms, by the name of their series.
pub fn counts<'f>(families: impl IntoIterator<Item = &'f Family>) -> HashMap<String, f64> {
    families.into_iter().flat_map(family_counts).collect()
}

fn family_counts(family: &Family) -> Vec<(String, f64)> {
    match &family.samples {
        Samples::Gauge(_) => Vec::new(),
        Samples::Counter(points) => {
            let points = points.iter();
            let count = points.map(|it| (series(family, "", &it.label_values), it.value));
            count.collect()
        }
        Samples::Histogram(all) => {
            let all = all.iter();
            let count = all.map(|it| (series(family, "_count", &it.label_values), it.count as f64));
            count.collect()
        }
    }
}

fn series(family: &Family, suffix: &str, values: &[String]) -> String {
    let labels = family.labels.iter().zip(values);
    let mut labels: Vec<_> = labels
        .map(|(name, it)| format!("{name}=\"{}\"", it.escape_debug()))
        .collect();
    // The order of labels has no meaning.
    labels.sort();
    match labels.join(",") {
        labels if labels.is_empty() => format!("{}{suffix}", family.name),
        labels => format!("{}{suffix}{{{labels}}}", family.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Distribution, Point};

    fn family(samples: Samples) -> [Family; 1] {
        [Family {
            name: "a".to_owned(),
            help: String::new(),
            labels: vec!["x".to_owned()],
            samples,
        }]
    }

    fn points(values: &[(&str, f64)]) -> Vec<Point> {
        let point = |(label, value): &(&str, f64)| Point {
            label_values: vec![(*label).to_owned()],
            value: *value,
        };
        values.iter().map(point).collect()
    }

    fn said(before: &[Family], after: &[Family]) -> Vec<String> {
        let fallen = fallen_counters(before, after);
        fallen.iter().map(FallenCounter::to_string).collect()
    }

    #[test]
    fn a_counter_that_falls_or_vanishes_is_found() {
        let first = family(Samples::Counter(points(&[
            ("1", 5.0),
            ("2", 6.0),
            ("3", 7.0),
        ])));
        let second = family(Samples::Counter(points(&[("3", 8.0), ("1", 4.0)])));
        assert_eq!(
            said(&first, &second),
            [
                "counter `a{x=\"1\"}` fell from 5 to 4",
                "counter `a{x=\"2\"}` is absent after 6",
            ]
        );
        assert_eq!(said(&first, &[]).len(), 3);
        assert!(said(&first, &first).is_empty());
    }

    #[test]
    fn histograms_are_compared_by_their_count_and_gauges_are_not() {
        let seconds = |count| {
            family(Samples::Histogram(vec![Distribution {
                label_values: vec!["1".to_owned()],
                buckets: Vec::new(),
                sum: 1.0,
                count,
            }]))
        };
        assert_eq!(
            said(&seconds(2), &seconds(1)),
            ["counter `a_count{x=\"1\"}` fell from 2 to 1"]
        );
        let gauge = |value| family(Samples::Gauge(points(&[("1", value)])));
        assert!(said(&gauge(2.0), &gauge(1.0)).is_empty());
    }

    #[test]
    fn the_order_of_labels_has_no_meaning() {
        let labelled = |labels: [&str; 2]| Family {
            name: "a".to_owned(),
            help: String::new(),
            labels: labels.map(str::to_owned).to_vec(),
            samples: Samples::Counter(vec![Point {
                label_values: labels.map(str::to_owned).to_vec(),
                value: 1.0,
            }]),
        };
        let (one, other) = (labelled(["x", "y"]), labelled(["y", "x"]));
        assert!(fallen_counters([&one], [&other]).is_empty());
    }
}
