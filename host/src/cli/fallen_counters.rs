//! Finds counters that lose their value from one report of a guest to the next.

use crate::guest::Report;
use crate::metrics;

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
        let fallen = metrics::fallen_counters(&before.families, &after.families).into_iter();
        lines.extend(fallen.map(|counter| format!("collector `{collector}`: {counter}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::{CollectorFailure, FailureReason, Outcome};
    use crate::metrics::{Family, Point, Samples};

    fn report(value: f64) -> Report {
        let point = Point {
            label_values: Vec::new(),
            value,
        };
        let family = Family {
            name: "a".to_owned(),
            help: String::new(),
            labels: Vec::new(),
            samples: Samples::Counter(vec![point]),
        };
        Report {
            api_version: None,
            outcomes: vec![Outcome {
                collector: "jobs".to_owned(),
                families: vec![family],
                ..Outcome::default()
            }],
        }
    }

    #[test]
    fn only_collectors_that_succeeded_are_compared() {
        let line = "collector `jobs`: counter `a` fell from 2 to 1";
        assert_eq!(fallen_counters(&report(2.0), &report(1.0)), [line]);
        let mut failed = report(1.0);
        failed.outcomes[0].failures.push(CollectorFailure {
            endpoint: "/jobs".to_owned(),
            reason: FailureReason::Timeout,
            detail: None,
            request_id: None,
        });
        assert!(fallen_counters(&report(2.0), &failed).is_empty());
        assert!(fallen_counters(&report(2.0), &Report::default()).is_empty());
    }
}
