use super::super::bindings::nbu::collector::metrics as wire;
use super::super::{DeclaredKind, SavedState};
use super::*;

fn manifest() -> Manifest {
    let described = contract::DescribedFamily {
        name: "nbu_jobs".to_owned(),
        kind: DeclaredKind::Gauge,
        help: "Jobs.".to_owned(),
        labels: vec!["state".to_owned()],
    };
    let other = contract::DescribedFamily {
        name: "nbu_jobs_total".to_owned(),
        kind: DeclaredKind::Counter,
        ..described.clone()
    };
    let more = ["nbu_a", "nbu_b"].map(|name| contract::DescribedFamily {
        name: name.to_owned(),
        ..described.clone()
    });
    Manifest {
        version: "1.0.0".to_owned(),
        capabilities: vec![Capability {
            name: "jobs".to_owned(),
            summary: String::new(),
            families: [vec![described, other], more.to_vec()].concat(),
            paths: Vec::new(),
            cached: false,
            state_version: 1,
        }],
    }
}

fn points(count: usize) -> Vec<wire::Point> {
    let point = |n: usize| wire::Point {
        label_values: vec![n.to_string()],
        value: 1.0,
    };
    (0..count).map(point).collect()
}

fn gauge(name: &str) -> wire::Family {
    wire::Family {
        name: name.to_owned(),
        help: "Jobs.".to_owned(),
        labels: vec!["state".to_owned()],
        samples: wire::Samples::Gauge(points(1)),
    }
}

fn answer(collector: &str) -> contract::Outcome {
    contract::Outcome {
        collector: collector.to_owned(),
        families: vec![gauge("nbu_jobs")],
        failures: Vec::new(),
        state: None,
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

fn converted(outcomes: Vec<contract::Outcome>) -> Result<Report, Fault> {
    let raw = contract::Report {
        api_version: None,
        outcomes,
    };
    report(&manifest(), &limits(), &["jobs".to_owned()], raw)
}

/// The number of accepted families, and the dropped series.
fn taken(families: Vec<wire::Family>) -> (usize, Vec<(&'static str, usize)>) {
    let outcome = contract::Outcome {
        families,
        ..answer("jobs")
    };
    let mut report = converted(vec![outcome]).unwrap();
    let only = report.outcomes.remove(0);
    (only.families.len(), only.dropped)
}

#[test]
fn a_declared_family_is_accepted() {
    let outcome = contract::Outcome {
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
        let outcome = contract::Outcome {
            state: Some(state),
            ..answer("jobs")
        };
        let fault = converted(vec![outcome]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Contract);
    }
}

#[test]
fn an_undeclared_name_type_or_label_drops_only_that_family() {
    let counter = wire::Family {
        samples: wire::Samples::Counter(points(2)),
        ..gauge("nbu_jobs")
    };
    let labelled = wire::Family {
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
fn more_families_than_allowed_are_dropped() {
    let left = taken(["nbu_jobs", "nbu_a", "nbu_b"].map(gauge).to_vec());
    assert_eq!(left, (2, vec![("too-many-families", 1)]));
}

#[test]
fn only_the_first_family_of_a_name_is_accepted() {
    let part = |label: &str| wire::Family {
        samples: wire::Samples::Gauge(vec![wire::Point {
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
    let large = |name, series| wire::Family {
        samples: wire::Samples::Gauge(points(series)),
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
    let outcome = contract::Outcome {
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
    let problem = SettingsProblem {
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
    let raw = contract::Report {
        api_version: Some("1".repeat(VERSION + 1)),
        outcomes: vec![answer("jobs")],
    };
    let fault = report(&manifest(), &limits(), &["jobs".to_owned()], raw).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Contract);
}
