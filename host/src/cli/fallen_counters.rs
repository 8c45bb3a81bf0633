//! Finds counters that lose their value from one report of a guest to the next.

use std::collections::HashMap;

use crate::guest::Report;
use crate::metrics::{Family, Samples};

/// A line for each counter and each histogram whose count is lower in the second report, or
/// absent. A collector that failed may report less.
pub(super) fn fallen_counters(first: &Report, second: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for before in &first.outcomes {
        let mut outcomes = second.outcomes.iter().filter(|it| it.succeeded());
        let Some(after) = outcomes.find(|it| it.collector == before.collector) else {
            continue;
        };
        let collector = &before.collector;
        let later: HashMap<String, f64> = after.families.iter().flat_map(counts).collect();
        for (series, old) in before.families.iter().flat_map(counts) {
            match later.get(&series) {
                Some(new) if *new >= old => {}
                Some(new) => lines.push(format!(
                    "collector `{collector}`: counter `{series}` fell from {old} to {new}"
                )),
                None => lines.push(format!(
                    "collector `{collector}`: counter `{series}` is absent after {old}"
                )),
            }
        }
    }
    lines
}

/// The counters and the counts of histograms, by the name of their series.
fn counts(family: &Family) -> Vec<(String, f64)> {
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
        .map(|(name, it)| format!("{name}=\"{it}\""))
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
    use crate::guest::Outcome;
    use crate::metrics::{Distribution, Point};

    fn report(samples: Samples) -> Report {
        let family = Family {
            name: "a".to_owned(),
            help: String::new(),
            labels: vec!["x".to_owned()],
            samples,
        };
        Report {
            api_version: None,
            outcomes: vec![Outcome {
                collector: "jobs".to_owned(),
                families: vec![family],
                dropped: Vec::new(),
                failures: Vec::new(),
                unsupported: Vec::new(),
                state: None,
                duration: None,
                requests: None,
                skipped_rows: 0,
            }],
        }
    }

    fn points(values: &[(&str, f64)]) -> Vec<Point> {
        let point = |(label, value): &(&str, f64)| Point {
            label_values: vec![(*label).to_owned()],
            value: *value,
        };
        values.iter().map(point).collect()
    }

    #[test]
    fn a_counter_that_falls_or_vanishes_is_found() {
        let first = report(Samples::Counter(points(&[
            ("1", 5.0),
            ("2", 6.0),
            ("3", 7.0),
        ])));
        let second = report(Samples::Counter(points(&[("3", 8.0), ("1", 4.0)])));
        assert_eq!(
            fallen_counters(&first, &second),
            [
                "collector `jobs`: counter `a{x=\"1\"}` fell from 5 to 4",
                "collector `jobs`: counter `a{x=\"2\"}` is absent after 6",
            ]
        );
        let mut vanished = first.clone();
        vanished.outcomes[0].families.clear();
        assert_eq!(fallen_counters(&first, &vanished).len(), 3);
        assert!(fallen_counters(&first, &first).is_empty());
        assert!(fallen_counters(&first, &Report::default()).is_empty());
    }

    #[test]
    fn histograms_are_compared_by_their_count_and_gauges_are_not() {
        let seconds = |count| {
            report(Samples::Histogram(vec![Distribution {
                label_values: vec!["1".to_owned()],
                buckets: Vec::new(),
                sum: 1.0,
                count,
            }]))
        };
        assert_eq!(
            fallen_counters(&seconds(2), &seconds(1)),
            ["collector `jobs`: counter `a_count{x=\"1\"}` fell from 2 to 1"]
        );
        let gauge = |value| report(Samples::Gauge(points(&[("1", value)])));
        assert!(fallen_counters(&gauge(2.0), &gauge(1.0)).is_empty());
    }
}
