//! What is said of families and series that are dropped.

use super::*;
use crate::guest::failure_text;

#[test]
fn a_dropped_family_says_what_was_declared_and_what_was_reported() {
    let labelled = Family {
        labels: vec!["action".to_owned()],
        ..gauge("nbu_a")
    };
    let outcome = RawOutcome {
        families: [gauge("nbu_other"), gauge("nbu_jobs_total"), labelled]
            .map(raw)
            .into(),
        ..answer("jobs")
    };
    let report = converted(vec![outcome]).unwrap();
    let dropped = report.outcomes[0].dropped.iter();
    let texts: Vec<_> = dropped
        .map(|it| format!("{}: {}", it.family, it.detail))
        .collect();
    assert_eq!(
        texts,
        [
            "nbu_other: the collector does not declare it",
            "nbu_jobs_total: declared as counter, reported as gauge",
            "nbu_a: declared with the labels [\"state\"], reported with [\"action\"]",
        ]
    );
}

#[test]
fn a_dropped_series_says_what_is_wrong_with_its_value() {
    let mut bad = gauge("nbu_a");
    bad.samples = Samples::Gauge(vec![Point {
        label_values: vec!["x".to_owned()],
        value: f64::NAN,
    }]);
    let outcome = RawOutcome {
        families: vec![raw(bad)],
        ..answer("jobs")
    };
    let report = converted(vec![outcome]).unwrap();
    let detail = &report.outcomes[0].dropped[0].detail;
    assert_eq!(detail, "the value is infinite or not a number");
}

#[test]
fn an_invalid_reason_is_named_in_the_text() {
    let failure = |name: &str| {
        let raw = CollectorFailure {
            endpoint: "/a".to_owned(),
            reason: FailureReason::Other((name.to_owned(), "x".to_owned())),
            detail: None,
            request_id: None,
        };
        failure_text(&crate::guest::admit::failure(raw, &limits()))
    };
    assert_eq!(failure("too_many_alerts"), "/a: too_many_alerts: x");
    assert_eq!(
        failure("Bad Name!"),
        "/a: other: x (reason `Bad Name!` is not a free name in snake_case)"
    );
}

#[test]
fn many_dropped_families_are_counted_together() {
    let families = (0..1000).map(|n| raw(gauge(&format!("nbu_x{n}"))));
    let outcome = RawOutcome {
        families: families.collect(),
        ..answer("jobs")
    };
    let report = converted(vec![outcome]).unwrap();
    let dropped = &report.outcomes[0].dropped;
    assert_eq!(dropped.len(), NAMED + 1);
    assert_eq!(dropped.iter().map(|it| it.series).sum::<usize>(), 1000);
}

/// A guest needs a few bytes for each repetition, so few of them are copied and compared.
#[test]
fn a_family_that_is_reported_very_often_is_dropped_before_its_series_are_checked() {
    let reported = |label_values: &[&str]| RawFamily {
        name: "nbu_jobs".to_owned(),
        repeated: None,
        samples: Samples::Gauge(vec![Point {
            label_values: label_values.iter().map(ToString::to_string).collect(),
            value: 1.0,
        }]),
    };
    let most = limits().report.families * REPEATED;
    let repeated = (0..most).map(|_| reported(&["a"]));
    let outcome = RawOutcome {
        families: repeated.chain([reported(&["too", "many"])]).collect(),
        ..answer("jobs")
    };
    let report = converted(vec![outcome]).unwrap();
    let outcome = &report.outcomes[0];
    assert_eq!(outcome.families.len(), 1);
    assert_eq!(outcome.families[0].help, "Jobs.");
    assert_eq!(outcome.families[0].labels, ["state"]);
    let reasons: Vec<_> = outcome.dropped.iter().map(|it| it.reason).collect();
    assert_eq!(reasons, ["duplicate", "too-many-families"]);
}
