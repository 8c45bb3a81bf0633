use super::super::{DeclaredKind, Saved};
use super::*;

fn manifest() -> Manifest {
    let described = contract::DescribedFamily {
        name: "nbu_jobs".to_owned(),
        kind: DeclaredKind::Gauge,
        help: "Jobs.".to_owned(),
        labels: Vec::new(),
    };
    Manifest {
        version: "1.0.0".to_owned(),
        capabilities: vec![Capability {
            name: "jobs".to_owned(),
            summary: String::new(),
            families: vec![described],
            paths: Vec::new(),
            cached: false,
            state_version: 1,
        }],
    }
}

fn gauge(name: &str) -> wire::Family {
    let point = wire::Point {
        label_values: Vec::new(),
        value: 1.0,
    };
    wire::Family {
        name: name.to_owned(),
        help: "Jobs.".to_owned(),
        labels: Vec::new(),
        samples: wire::Samples::Gauge(vec![point]),
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

fn saved(collector: &str, bytes: usize) -> Saved {
    Saved {
        collector: collector.to_owned(),
        version: 1,
        bytes: vec![0; bytes],
    }
}

fn converted(outcomes: Vec<contract::Outcome>) -> Result<Report, Fault> {
    let raw = contract::Report {
        api_version: None,
        outcomes,
    };
    report(&manifest(), &["jobs".to_owned()], raw)
}

#[test]
fn what_was_asked_and_declared_comes_through() {
    let outcome = contract::Outcome {
        state: Some(saved("jobs", LARGEST_STATE)),
        ..answer("jobs")
    };
    let report = converted(vec![outcome]).unwrap();
    let only = &report.outcomes[0];
    assert_eq!(only.families.len(), 1);
    assert!(only.dropped.is_empty() && only.succeeded());
    assert!(only.state.is_some());
}

#[test]
fn a_report_that_answers_something_else_is_a_contradiction() {
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
fn state_for_another_collector_or_too_much_of_it_is_a_contradiction() {
    for state in [saved("storage", 1), saved("jobs", LARGEST_STATE + 1)] {
        let outcome = contract::Outcome {
            state: Some(state),
            ..answer("jobs")
        };
        let fault = converted(vec![outcome]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Contract);
    }
}

#[test]
fn an_undeclared_name_or_kind_costs_that_family_alone() {
    let counter = wire::Family {
        samples: wire::Samples::Counter(Vec::new()),
        ..gauge("nbu_jobs")
    };
    for bad in [gauge("nbu_other"), counter] {
        let mut outcome = answer("jobs");
        outcome.families.push(bad);
        let report = converted(vec![outcome]).unwrap();
        let only = &report.outcomes[0];
        assert_eq!(only.families.len(), 1);
        assert_eq!(only.dropped[0].0, "undeclared");
    }
}
