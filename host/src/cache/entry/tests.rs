use super::*;
use crate::metrics::{Point, Samples};

const ROOM: usize = 100;

fn counter(name: &str, value: f64, series: usize) -> Family {
    let point = |n: usize| Point {
        label_values: vec![n.to_string()],
        value,
    };
    Family {
        name: name.to_owned(),
        help: String::new(),
        labels: vec!["n".to_owned()],
        samples: Samples::Counter((0..series).map(point).collect()),
    }
}

fn site(collectors: &[&str]) -> SiteEntry {
    let mut site = SiteEntry::default();
    for name in collectors {
        site.collectors.entry((*name).to_owned()).or_default();
    }
    site
}

fn record(site: &mut SiteEntry, attempt: Attempt) -> Dropped {
    let renderer = SiteRenderer {
        site: &SiteName::new("s").unwrap(),
        headers: &FamilyHeaders::default(),
    };
    site.record(renderer, attempt)
}

fn attempt(collector: &str, guest: &str, result: AttemptResult) -> Attempt {
    Attempt {
        collector: collector.to_owned(),
        began: Timestamp::now(),
        took: Duration::ZERO,
        unsupported: Vec::new(),
        interval: Duration::ZERO,
        skipped_rows: 0,
        requests: None,
        hint: None,
        failures: Vec::new(),
        keep: Duration::from_secs(600),
        guest: Digest::of(guest.as_bytes()),
        site: SiteLimits {
            series: ROOM,
            ..SiteLimits::default()
        },
        result,
    }
}

/// The shown value of a counter after each report.
fn shown(answers: &[(&str, f64)]) -> Vec<Option<f64>> {
    let mut site = site(&["jobs"]);
    let each = answers.iter().map(|(guest, value)| {
        let read = AttemptResult::Read(vec![counter("a_total", *value, 1)]);
        let _ = record(&mut site, attempt("jobs", guest, read));
        let family = site.collectors["jobs"].pieces().next()?;
        let (_, value) = family.points().next()?;
        Some(value)
    });
    each.collect()
}

#[test]
fn a_decreased_counter_is_held_back_until_it_stops_decreasing() {
    let answers = [10.0, 4.0, 5.0, 6.0].map(|value| ("a", value));
    let expected = [Some(10.0), None, Some(5.0), Some(6.0)];
    assert_eq!(shown(&answers), expected);
}

#[test]
fn a_counter_that_keeps_decreasing_is_not_shown() {
    let answers = [10.0, 9.0, 8.0, 7.0].map(|value| ("a", value));
    assert_eq!(shown(&answers), [Some(10.0), None, None, None]);
}

#[test]
fn another_guest_may_start_from_a_lower_value() {
    let answers = [("a", 10.0), ("b", 4.0), ("b", 3.0), ("a", 1.0)];
    assert_eq!(shown(&answers), [Some(10.0), Some(4.0), None, Some(1.0)]);
}

#[test]
fn a_decreased_counter_of_a_failed_attempt_is_held_back_too() {
    let mut site = site(&["jobs"]);
    let read = AttemptResult::Read(vec![counter("a_total", 5.0, 1)]);
    assert!(record(&mut site, attempt("jobs", "a", read)).is_empty());
    let failed = AttemptResult::Failed(vec!["timeout".into()], vec![counter("a_total", 4.0, 1)]);
    let dropped = record(&mut site, attempt("jobs", "a", failed));
    assert_eq!(dropped, [(Reason::Fell, 1)]);
}

#[test]
fn a_family_beyond_the_series_limit_is_dropped_as_a_whole() {
    let mut site = site(&["jobs", "storage"]);
    let half = AttemptResult::Read(vec![counter("a_total", 1.0, ROOM / 2)]);
    assert!(record(&mut site, attempt("jobs", "a", half)).is_empty());
    let families = vec![
        counter("b_total", 1.0, ROOM / 2 + 1),
        counter("c_total", 1.0, ROOM / 2),
    ];
    let dropped = record(
        &mut site,
        attempt("storage", "a", AttemptResult::Read(families)),
    );
    assert_eq!(dropped, [(Reason::SiteSeries, ROOM / 2 + 1)]);
    let storage = site.collectors["storage"].pieces();
    let names: Vec<_> = storage.map(|it| &*it.header().name).collect();
    assert_eq!(names, ["c_total"]);
}

/// A declared label name costs its bytes on every line.
#[test]
fn a_family_beyond_the_size_limit_is_dropped_as_a_whole() {
    let mut site = site(&["jobs"]);
    let long = Family {
        labels: vec!["x".repeat(100)],
        ..counter("a_total", 1.0, 3)
    };
    let result = AttemptResult::Read(vec![long, counter("b_total", 1.0, 3)]);
    let attempt = Attempt {
        site: SiteLimits {
            series: ROOM,
            bytes: 300,
        },
        ..attempt("jobs", "a", result)
    };
    let dropped = record(&mut site, attempt);
    assert_eq!(dropped, [(Reason::SiteSize, 3)]);
    let names: Vec<_> = site.collectors["jobs"]
        .pieces()
        .map(|it| &*it.header().name)
        .collect();
    assert_eq!(names, ["b_total"]);
}
