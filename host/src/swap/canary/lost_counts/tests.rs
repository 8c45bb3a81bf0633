use std::sync::Arc;

use super::*;
use crate::guest::Outcome;
use crate::metrics::{Point, RenderedFamily, Samples};
use crate::site::SiteName;
use crate::swap::canary::baseline::ServedFamily;

const RUNNING: &[u8] = b"running";

fn counter(labels: &[&str], values: &[(&str, f64)]) -> Family {
    let point = |(label, value): &(&str, f64)| Point {
        label_values: vec![(*label).to_owned(); labels.len()],
        value: *value,
    };
    Family {
        name: "nbu_a_total".to_owned(),
        help: String::new(),
        labels: labels.iter().map(|it| (*it).to_owned()).collect(),
        samples: Samples::Counter(values.iter().map(point).collect()),
    }
}

fn totals(values: &[(&str, f64)]) -> Family {
    counter(&["x"], values)
}

fn served(family: Family, guest: &[u8]) -> Served {
    let site = SiteName::new("paris").unwrap();
    Served {
        families: vec![ServedFamily {
            collector: "jobs".to_owned(),
            guest: Digest::of(guest),
            rendered: Arc::new(RenderedFamily::new(&site, family)),
        }],
        took: None,
        peak_memory: None,
    }
}

fn report(families: Vec<Family>) -> Report {
    Report {
        api_version: None,
        outcomes: vec![Outcome {
            collector: "jobs".to_owned(),
            families,
            ..Outcome::default()
        }],
    }
}

/// The regressions of a candidate, and the suspects before the running guest is asked.
fn said(served: &Served, trial: Family, running: Family) -> (Vec<String>, usize) {
    let suspects = suspects(served, Digest::of(RUNNING), &report(vec![trial]));
    let count = suspects.len();
    let all = confirmed(suspects, &report(vec![running]));
    (all.iter().map(Regression::to_string).collect(), count)
}

#[test]
fn counters_that_only_the_candidate_loses_are_a_regression() {
    let page = || totals(&[("1", 5.0), ("2", 6.0), ("3", 7.0)]);
    let served = served(page(), RUNNING);
    let (all, _) = said(&served, totals(&[("1", 5.0), ("2", 1.0)]), page());
    let expected = "family `nbu_a_total` of `jobs` lost the counts of 2 series, such as: \
                    counter `nbu_a_total{x=\"2\"}` fell from 6 to 1";
    assert_eq!(all, [expected]);
    assert_eq!(said(&served, page(), page()).1, 0);
}

#[test]
fn counters_that_the_running_guest_loses_too_are_none() {
    let served = served(totals(&[("1", 5.0), ("2", 6.0)]), RUNNING);
    // The first was deleted, and the second restarted.
    let (all, suspects) = said(&served, totals(&[("2", 1.0)]), totals(&[("2", 1.0)]));
    assert_eq!((all.len(), suspects), (0, 2));
}

#[test]
fn values_of_another_guest_and_of_other_labels_are_not_compared() {
    let page = || totals(&[("1", 5.0)]);
    let other = served(page(), b"another");
    assert_eq!(said(&other, totals(&[("1", 1.0)]), page()).1, 0);
    let own = served(page(), RUNNING);
    assert_eq!(said(&own, counter(&["y"], &[("1", 1.0)]), page()).1, 0);
    assert_eq!(said(&own, totals(&[("1", 1.0)]), page()).1, 1);
}

#[test]
fn a_collector_that_failed_is_not_compared() {
    use crate::guest::{CollectorFailure, FailureReason};
    let served = served(totals(&[("1", 5.0)]), RUNNING);
    let mut trial = report(vec![totals(&[("1", 1.0)])]);
    trial.outcomes[0].failures.push(CollectorFailure {
        endpoint: "/jobs".to_owned(),
        reason: FailureReason::Timeout,
        detail: None,
        request_id: None,
    });
    assert!(suspects(&served, Digest::of(RUNNING), &trial).is_empty());
}
