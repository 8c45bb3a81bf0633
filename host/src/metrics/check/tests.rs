use super::*;
use crate::metrics::family::{Bucket, Point};

fn point(labels: &[&str], value: f64) -> Point {
    Point {
        label_values: labels.iter().map(|label| label.to_string()).collect(),
        value,
    }
}

fn family(name: &str, labels: &[&str], samples: Samples) -> Family {
    let labels = labels.iter().map(|label| label.to_string()).collect();
    Family {
        name: name.to_owned(),
        help: "Help.".to_owned(),
        labels,
        samples,
    }
}

fn gauge(name: &str, labels: &[&str]) -> Family {
    family(name, labels, Samples::Gauge(vec![point(labels, 1.0)]))
}

fn distribution(buckets: &[(f64, u64)], sum: f64, count: u64) -> Distribution {
    let buckets = buckets
        .iter()
        .map(|&(upper_bound, cumulative_count)| Bucket {
            upper_bound,
            cumulative_count,
        });
    Distribution {
        label_values: vec![],
        buckets: buckets.collect(),
        sum,
        count,
    }
}

/// With a budget that is not exceeded.
fn check(family: Family) -> Checked {
    super::check(family, &Budget::default())
}

fn whole_family_goes_for(reason: Reason, family: Family) {
    let series = family.series();
    let name = family.name.clone();
    let checked = check(family);
    assert_eq!(
        checked,
        Checked {
            name: name.clone(),
            family: None,
            dropped: vec![(reason, series)]
        },
        "{name}"
    );
}

#[test]
fn a_valid_family_is_unchanged() {
    let good = gauge("nbu:disk_bytes_2", &["name", "_type2", "le"]);
    assert_eq!(
        check(good.clone()),
        Checked {
            name: good.name.clone(),
            family: Some(good),
            dropped: vec![]
        }
    );
}

#[test]
fn a_family_with_an_invalid_name_is_dropped() {
    for name in ["", "2nbu", "nbu-disk", "nbu disk", "nbü", "nbu\nup"] {
        whole_family_goes_for(Reason::InvalidName, gauge(name, &[]));
    }
}

#[test]
fn a_family_named_like_one_of_the_host_is_dropped() {
    for name in [
        "nbu_exporter_build_info",
        "process_open_fds",
        "nbu_collector_failures",
        "nbu_up",
        "nbu_rows_skipped",
        "up",
        "ALERTS",
        "scrape_duration_seconds",
    ] {
        whole_family_goes_for(Reason::ReservedName, gauge(name, &[]));
    }
}

#[test]
fn a_counter_without_a_name_in_openmetrics_is_dropped() {
    let counter = family("_total", &[], Samples::Counter(vec![]));
    whole_family_goes_for(Reason::InvalidName, counter);
}

#[test]
fn a_family_with_an_invalid_label_name_is_dropped() {
    for labels in [
        &["a-b"][..],
        &[""],
        &["a:b"],
        &["__name"],
        &["site"],
        &["a", "a"],
    ] {
        whole_family_goes_for(Reason::InvalidLabel, gauge("nbu_x", labels));
    }
    let histogram = Samples::Histogram(vec![]);
    whole_family_goes_for(Reason::InvalidLabel, family("nbu_x", &["le"], histogram));
}

#[test]
fn only_the_series_with_a_wrong_number_of_labels_is_dropped() {
    let good = point(&["a", "b"], 1.0);
    let points = vec![
        point(&["a"], 1.0),
        good.clone(),
        point(&["a", "b", "c"], 1.0),
    ];
    let checked = check(family("nbu_x", &["x", "y"], Samples::Gauge(points)));
    assert_eq!(checked.family.unwrap().samples, Samples::Gauge(vec![good]));
    assert_eq!(checked.dropped, [(Reason::LabelCount, 2)]);
}

#[test]
fn a_duplicate_series_is_dropped_and_the_first_stays() {
    let points = vec![point(&["a"], 1.0), point(&["b"], 2.0), point(&["a"], 3.0)];
    let checked = check(family("nbu_x", &["x"], Samples::Gauge(points)));
    let expected = vec![point(&["a"], 1.0), point(&["b"], 2.0)];
    assert_eq!(checked.family.unwrap().samples, Samples::Gauge(expected));
    assert_eq!(checked.dropped, [(Reason::Duplicate, 1)]);
}

#[test]
fn only_the_series_with_an_invalid_counter_value_is_dropped() {
    let good = point(&["a"], 5.0);
    let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0];
    let mut points: Vec<_> = bad.iter().map(|value| point(&["a"], *value)).collect();
    points.push(good.clone());
    let checked = check(family("nbu_x_total", &["x"], Samples::Counter(points)));
    assert_eq!(
        checked.family.unwrap().samples,
        Samples::Counter(vec![good])
    );
    assert_eq!(checked.dropped, [(Reason::CounterValue, 4)]);
}

#[test]
fn a_gauge_may_be_negative_but_must_be_a_finite_number() {
    let good = point(&["a"], -1.0);
    let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let mut points: Vec<_> = bad.iter().map(|value| point(&["a"], *value)).collect();
    points.push(good.clone());
    let checked = check(family("nbu_x", &["x"], Samples::Gauge(points)));
    assert_eq!(checked.family.unwrap().samples, Samples::Gauge(vec![good]));
    assert_eq!(checked.dropped, [(Reason::GaugeValue, 3)]);
}

#[test]
fn a_family_above_the_budget_is_dropped() {
    let budget = Budget {
        family_series: 2,
        labels: 1,
        name_bytes: 8,
        value_bytes: 4,
        help_bytes: 5,
        ..Budget::default()
    };
    let three = ["a", "b", "c"].map(|value| point(&[value], 1.0));
    let verbose = Family {
        help: "Help!!".to_owned(),
        ..gauge("nbu_x", &[])
    };
    for (bad, reason) in [
        (gauge("nbu_x_and_more", &[]), Reason::LongName),
        (gauge("nbu_x", &["long_label"]), Reason::LongName),
        (gauge("nbu_x", &["a", "b"]), Reason::TooManyLabels),
        (verbose, Reason::LongHelp),
        (
            family("nbu_x", &["x"], Samples::Gauge(three.to_vec())),
            Reason::FamilySeries,
        ),
    ] {
        let dropped = vec![(reason, bad.series())];
        let (name, family) = (bad.name.clone(), None);
        assert_eq!(
            super::check(bad, &budget),
            Checked {
                name,
                family,
                dropped,
            }
        );
    }
}

#[test]
fn a_series_with_a_too_long_label_value_is_dropped() {
    let budget = Budget {
        value_bytes: 4,
        ..Budget::default()
    };
    let points = vec![point(&["long!"], 1.0), point(&["good"], 1.0)];
    let checked = super::check(family("nbu_x", &["x"], Samples::Gauge(points)), &budget);
    assert_eq!(checked.family.unwrap().series(), 1);
    assert_eq!(checked.dropped, [(Reason::LongLabel, 1)]);
}

#[test]
fn a_histogram_must_be_ascending_and_consistent() {
    let bad = [
        distribution(&[(2.0, 1), (1.0, 2)], 1.0, 2),
        distribution(&[(1.0, 1), (1.0, 1)], 1.0, 2),
        distribution(&[(1.0, 2), (2.0, 1)], 1.0, 2),
        distribution(&[(1.0, 3)], 1.0, 2),
        distribution(&[(f64::NAN, 1)], 1.0, 2),
        distribution(&[(1.0, 1), (f64::INFINITY, 2)], 1.0, 2),
        distribution(&[], f64::NAN, 2),
    ];
    for one in bad {
        let series = one.series();
        let checked = check(family("nbu_x", &[], Samples::Histogram(vec![one.clone()])));
        assert_eq!(checked.family.unwrap().series(), 0, "{one:?}");
        assert_eq!(checked.dropped, [(Reason::Buckets, series)], "{one:?}");
    }
    let good = vec![distribution(&[(1.0, 1), (2.0, 1)], -3.0, 2)];
    let checked = check(family("nbu_x", &[], Samples::Histogram(good.clone())));
    assert_eq!(checked.family.unwrap().samples, Samples::Histogram(good));
}
