//! Comparisons of a trial with what is served.

use std::sync::Arc;

use super::*;
use crate::egress::Traffic;
use crate::guest::{Digest, Report};
use crate::metrics::{Family, Point, RenderedFamily, Samples};
use crate::site::SiteName;
use crate::swap::canary::baseline::ServedFamily;

fn family(name: &str, series: usize) -> Family {
    let point = |n: usize| Point {
        label_values: vec![n.to_string()],
        value: 1.0,
    };
    Family {
        name: name.to_owned(),
        help: String::new(),
        labels: vec!["n".to_owned()],
        samples: Samples::Gauge((0..series).map(point).collect()),
    }
}

/// The result of `jobs` with a peak memory of `megabytes`.
fn collected(families: Vec<Family>, megabytes: u64) -> Collected {
    let outcome = Outcome {
        collector: "jobs".to_owned(),
        families,
        ..Outcome::default()
    };
    Collected {
        report: Report {
            api_version: None,
            outcomes: vec![outcome],
        },
        peak_memory: megabytes << 20,
        traffic: Traffic::default(),
    }
}

fn served(families: &[(&str, usize)]) -> Served {
    let site = SiteName::new("paris").unwrap();
    let family = |(name, series): &(&str, usize)| ServedFamily {
        collector: "jobs".to_owned(),
        guest: Digest::of(b"running"),
        rendered: Arc::new(RenderedFamily::new(&site, family(name, *series))),
    };
    Served {
        families: families.iter().map(family).collect(),
        took: Some(Duration::from_secs(4)),
        peak_memory: Some(40 << 20),
    }
}

fn said(served: &Served, collected: &Collected, seconds: u64) -> Vec<String> {
    let took = Duration::from_secs(seconds);
    let worse = find(served, collected, took, &Canary::default());
    worse.iter().map(Regression::to_string).collect()
}

#[test]
fn a_family_that_is_reported_without_series_is_not_lost() {
    let served = served(&[("nbu_a", 2), ("nbu_b", 3)]);
    let empty = collected(vec![family("nbu_a", 2), family("nbu_b", 0)], 1);
    assert!(said(&served, &empty, 1).is_empty());
    let gone = collected(vec![family("nbu_a", 2)], 1);
    let expected = "family `nbu_b` of `jobs` is missing, 3 series before";
    assert_eq!(said(&served, &gone, 1), [expected]);
}

#[test]
fn growth_counts_only_beyond_factor_and_floor() {
    let many = |series| collected(vec![family("nbu_a", series)], 1);
    let small = served(&[("nbu_a", 10)]);
    assert!(said(&small, &many(1000), 1).is_empty(), "up to the floor");
    assert_eq!(said(&small, &many(1001), 1).len(), 1);
    let large = served(&[("nbu_a", 1000)]);
    assert!(said(&large, &many(3000), 1).is_empty(), "up to the factor");
    let expected = "`jobs` has 3001 series, 1000 before";
    assert_eq!(said(&large, &many(3001), 1), [expected]);
    let unknown = served(&[]);
    assert!(said(&unknown, &many(9999), 1).is_empty());
}

#[test]
fn time_and_memory_are_reported_with_their_previous_values() {
    let served = served(&[("nbu_a", 1)]);
    let trial = |megabytes| collected(vec![family("nbu_a", 1)], megabytes);
    assert!(said(&served, &trial(120), 20).is_empty());
    let said = said(&served, &trial(121), 21);
    let expected = [
        "the collection took 21.0 s, 4.0 s before",
        "the collection used 121.0 MiB of memory, 40.0 MiB before",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_collector_that_failed_is_not_compared() {
    use crate::guest::{CollectorFailure, FailureReason};
    let mut trial = collected(Vec::new(), 1);
    trial.report.outcomes[0].failures.push(CollectorFailure {
        endpoint: "/jobs".to_owned(),
        reason: FailureReason::Timeout,
        detail: None,
        request_id: None,
    });
    assert!(said(&served(&[("nbu_a", 2)]), &trial, 1).is_empty());
}
