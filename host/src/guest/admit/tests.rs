mod dropped;

use std::time::Duration;

use super::super::{DeclaredKind, SavedState};
use super::*;
use crate::metrics::{Point, Samples};

fn manifest() -> Manifest {
    let family = |name: &str, kind| DeclaredFamily {
        name: name.to_owned(),
        kind,
        unit: None,
        help: "Jobs.".to_owned(),
        labels: vec!["state".to_owned()],
        experimental: false,
    };
    let endpoint = |path: &str| contract::Endpoint {
        method: contract::Method::Get,
        path: path.to_owned(),
    };
    Manifest {
        name: "netbackup".to_owned(),
        version: "1.0.0".to_owned(),
        collectors: vec![DeclaredCollector {
            name: "jobs".to_owned(),
            summary: String::new(),
            enabled_by_default: true,
            cached: false,
            default_interval_seconds: None,
            endpoints: ["/a", "/b"].map(endpoint).to_vec(),
            permissions: Vec::new(),
            options: Vec::new(),
            families: vec![
                family("nbu_jobs", DeclaredKind::Gauge),
                family("nbu_jobs_total", DeclaredKind::Counter),
                family("nbu_a", DeclaredKind::Gauge),
                family("nbu_b", DeclaredKind::Gauge),
            ],
            state_version: 1,
        }],
        highlights: Vec::new(),
    }
}

fn points(count: usize) -> Vec<Point> {
    let point = |n: usize| Point {
        label_values: vec![n.to_string()],
        value: 1.0,
    };
    (0..count).map(point).collect()
}

fn gauge(name: &str) -> Family {
    Family {
        name: name.to_owned(),
        help: "Jobs.".to_owned(),
        labels: vec!["state".to_owned()],
        samples: Samples::Gauge(points(1)),
    }
}

/// As contract 0.1 reports it.
fn raw(family: Family) -> RawFamily {
    RawFamily {
        name: family.name,
        repeated: Some((family.help, family.labels)),
        samples: family.samples,
    }
}

fn answer(collector: &str) -> RawOutcome {
    RawOutcome {
        collector: collector.to_owned(),
        families: vec![raw(gauge("nbu_jobs"))],
        failures: Vec::new(),
        unsupported: Vec::new(),
        state: None,
        duration: Some(Duration::ZERO),
        requests: Some(0),
        skipped_rows: 0,
    }
}

fn saved(collector: &str, bytes: usize) -> SavedState {
    SavedState {
        collector: collector.to_owned(),
        version: 1,
        bytes: vec![0; bytes],
    }
}

fn limits() -> GuestLimits {
    GuestLimits {
        report: Budget {
            families: 2,
            collector_series: 5,
            ..Budget::default()
        },
        failures: 2,
        state_bytes: 100,
        ..GuestLimits::default()
    }
}

fn converted(outcomes: Vec<RawOutcome>) -> Result<Report, Fault> {
    let raw = RawReport {
        api_version: None,
        outcomes,
    };
    report(&manifest(), &limits(), &["jobs".to_owned()], raw)
}

/// The number of accepted families, and the dropped series.
fn taken(families: Vec<Family>) -> (usize, Vec<(&'static str, usize)>) {
    let outcome = RawOutcome {
        families: families.into_iter().map(raw).collect(),
        ..answer("jobs")
    };
    let mut report = converted(vec![outcome]).unwrap();
    let only = report.outcomes.remove(0);
    let dropped = only.dropped.into_iter().map(|it| (it.reason, it.series));
    (only.families.len(), dropped.collect())
}

#[test]
fn a_declared_family_is_accepted() {
    let outcome = RawOutcome {
        state: Some(saved("jobs", limits().state_bytes)),
        ..answer("jobs")
    };
    let report = converted(vec![outcome]).unwrap();
    let only = &report.outcomes[0];
    assert_eq!(only.families.len(), 1);
    assert!(only.dropped.is_empty() && only.succeeded());
    assert!(only.state.is_some());
}

#[test]
fn a_report_that_does_not_match_the_request_is_a_fault() {
    let wrong = [
        vec![],
        vec![answer("storage")],
        vec![answer("jobs"), answer("jobs")],
    ];
    for outcomes in wrong {
        assert_eq!(converted(outcomes).unwrap_err().kind, FaultKind::Contract);
    }
}

#[test]
fn a_state_of_another_collector_or_above_the_limit_is_a_fault() {
    for state in [saved("storage", 1), saved("jobs", limits().state_bytes + 1)] {
        let outcome = RawOutcome {
            state: Some(state),
            ..answer("jobs")
        };
        let fault = converted(vec![outcome]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Contract);
    }
}

#[test]
fn an_undeclared_name_type_or_label_drops_only_that_family() {
    let counter = Family {
        samples: Samples::Counter(points(2)),
        ..gauge("nbu_jobs")
    };
    let labelled = Family {
        labels: vec!["action".to_owned()],
        ..gauge("nbu_jobs")
    };
    for (bad, reason, series) in [
        (gauge("nbu_other"), "undeclared", 1),
        (counter, "wrong-kind", 2),
        (labelled, "wrong-labels", 1),
    ] {
        let left = taken(vec![gauge("nbu_a"), bad]);
        assert_eq!(left, (1, vec![(reason, series)]));
    }
}

#[test]
fn only_declared_endpoints_are_unsupported_each_once() {
    let outcome = RawOutcome {
        unsupported: ["/b", "/other", "/b"].map(str::to_owned).to_vec(),
        ..answer("jobs")
    };
    let report = converted(vec![outcome]).unwrap();
    assert_eq!(report.outcomes[0].unsupported, ["/b"]);
    assert!(report.outcomes[0].succeeded());
}

#[test]
fn a_reason_of_the_guest_is_a_short_name_that_the_host_does_not_use() {
    let long = "x".repeat(100);
    for (name, expected) in [
        ("quota_used_up", "quota_used_up"),
        ("unsupported", "unsupported"),
        ("timeout", "other"),
        ("fault", "other"),
        ("Quota", "other"),
        ("a b", "other"),
        ("", "other"),
        (long.as_str(), "other"),
    ] {
        let reason = FailureReason::Other((name.to_owned(), String::new()));
        let failure = CollectorFailure {
            endpoint: String::new(),
            reason,
            detail: None,
            request_id: None,
        };
        let outcome = RawOutcome {
            failures: vec![failure],
            ..answer("jobs")
        };
        let report = converted(vec![outcome]).unwrap();
        let found = super::super::reason_name(&report.outcomes[0].failures[0].reason);
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn more_families_than_allowed_are_dropped() {
    let left = taken(["nbu_jobs", "nbu_a", "nbu_b"].map(gauge).to_vec());
    assert_eq!(left, (2, vec![("too-many-families", 1)]));
}

#[test]
fn only_the_first_family_of_a_name_is_accepted() {
    let part = |label: &str| Family {
        samples: Samples::Gauge(vec![Point {
            label_values: vec![label.to_owned()],
            value: 1.0,
        }]),
        ..gauge("nbu_jobs")
    };
    let left = taken(["x", "y", "z"].map(part).to_vec());
    assert_eq!(left, (1, vec![("duplicate", 2)]));
}

#[test]
fn a_family_beyond_the_collector_limit_is_dropped_as_a_whole() {
    let large = |name, series| Family {
        samples: Samples::Gauge(points(series)),
        ..gauge(name)
    };
    let left = taken(vec![
        large("nbu_jobs", 3),
        large("nbu_a", 3),
        large("nbu_b", 2),
    ]);
    assert_eq!(left, (2, vec![("collector-series", 3)]));
}

#[test]
fn displayed_texts_are_truncated() {
    let long = "é".repeat(10_000);
    let wordy = CollectorFailure {
        endpoint: long.clone(),
        reason: FailureReason::Malformed(long.clone()),
        detail: Some(long.clone()),
        request_id: Some(long),
    };
    let outcome = RawOutcome {
        failures: vec![wordy; 5],
        ..answer("jobs")
    };
    let report = converted(vec![outcome]).unwrap();
    let failures = &report.outcomes[0].failures;
    assert_eq!(failures.len(), 2);
    let most = limits().log.line_bytes;
    for failure in failures {
        assert!(failure.endpoint.len() <= most);
        assert!(failure.detail.as_ref().unwrap().len() <= most);
        assert!(failure.request_id.as_ref().unwrap().len() <= most);
        assert!(matches!(&failure.reason, FailureReason::Malformed(why) if why.len() <= most));
    }
}

#[test]
fn displayed_texts_contain_no_control_characters() {
    let forged =
        "x\nparis: OK\r\u{1b}[2J\u{9b}0m\0\u{85}\u{2028}\u{2029}\u{202e}\u{2066}\u{200f}\u{61c}"
            .to_owned();
    let problem = contract::Problem {
        at: forged.clone(),
        message: forged.clone(),
        hint: Some(forged.clone()),
    };
    let failure = CollectorFailure {
        endpoint: forged.clone(),
        reason: FailureReason::Denied(forged.clone()),
        detail: Some(forged.clone()),
        request_id: Some(forged.clone()),
    };
    let failed = probe(Err(failure), &limits()).unwrap().err();
    let shown = format!("{:?}", (problems(vec![problem], &limits()), failed));
    // The debug format escapes remaining control characters.
    assert!(!shown.contains('\\'), "{shown}");
    let version = Ok(ProbeAnswer {
        api_version: forged.get(..9).unwrap().to_owned(),
        server_time: None,
    });
    assert_eq!(
        probe(version, &limits()).unwrap_err().kind,
        FaultKind::Contract
    );
    let named = converted(vec![answer("jo\nbs")]).unwrap_err();
    assert!(named.message.contains("jo bs"), "{named}");
}

#[test]
fn a_long_api_version_is_a_fault() {
    let raw = RawReport {
        api_version: Some("1".repeat(VERSION + 1)),
        outcomes: vec![answer("jobs")],
    };
    let fault = report(&manifest(), &limits(), &["jobs".to_owned()], raw).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Contract);
}
