//! Finds names and values that Prometheus takes for something else.

use std::collections::HashSet;

use super::verdicts::{Collection, Verdict};
use crate::guest::{DeclaredFamily, DeclaredKind, Guest, Highlight};
use crate::metrics::{Family, Samples};

/// What a time in seconds may be: from 2001 until 5138. An age is smaller, and
/// milliseconds are greater.
const TIMES: std::ops::Range<f64> = 1e9..1e11;

/// Counters have names that end with `_total`, and no others do. Names the families that
/// have no series.
pub(super) fn declared(guest: &Guest, collected: &Collection) -> Verdict {
    let collectors = guest.manifest().collectors.iter();
    let families = collectors.flat_map(|it| &it.families);
    names(families.clone())?;
    let outcomes = collected.iter().flat_map(|it| &it.report.outcomes);
    let reported = outcomes.flat_map(|it| &it.families);
    let reported: HashSet<_> = reported
        .filter(|it| it.series() > 0)
        .map(|it| it.name.as_str())
        .collect();
    let missing = families.map(|it| it.name.as_str());
    let missing: Vec<_> = missing.filter(|it| !reported.contains(it)).collect();
    Ok(match missing.is_empty() {
        true => String::new(),
        false => format!("without series: {}", missing.join(", ")),
    })
}

fn names<'f>(families: impl Iterator<Item = &'f DeclaredFamily>) -> Verdict {
    let wrong = families.filter_map(|family| {
        let (name, kind) = (&family.name, family.kind);
        match (kind, name.ends_with("_total")) {
            (DeclaredKind::Counter, false) => {
                Some(format!("counter `{name}` does not end with `_total`"))
            }
            (DeclaredKind::Gauge | DeclaredKind::Histogram, true) => {
                Some(format!("`{name}` ends with `_total` and is no counter"))
            }
            _ => None,
        }
    });
    let wrong: Vec<_> = wrong.collect();
    match wrong.is_empty() {
        true => Ok(String::new()),
        false => Err(wrong.join("\n")),
    }
}

/// The first time that cannot be one.
pub(super) fn wrong_time<'f>(families: impl Iterator<Item = &'f Family>) -> Option<String> {
    let mut times = families.filter(|it| it.name.ends_with("_timestamp_seconds"));
    times.find_map(|family| {
        let Samples::Gauge(points) = &family.samples else {
            return None;
        };
        let wrong = points.iter().find(|it| !TIMES.contains(&it.value))?;
        Some(format!(
            "`{}` is {}: expected the seconds since 1970. Without a time, omit the series",
            family.name, wrong.value
        ))
    })
}

/// How many series each highlight has.
pub(super) fn highlights(guest: &Guest, collected: &Collection) -> Verdict {
    let collected = collected.as_ref().map_err(Clone::clone)?;
    let series = |highlight: &Highlight| {
        let outcomes = collected.report.outcomes.iter();
        let mut families = outcomes.flat_map(|it| &it.families);
        let family = families.find(|it| it.name == highlight.family);
        family.map_or(0, |family| highlight.values(family).len())
    };
    let shown = guest.manifest().highlights.iter();
    let shown = shown.map(|it| format!("`{}` has {} series", it.title, series(it)));
    Ok(shown.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Point;

    #[test]
    fn a_name_says_whether_it_is_a_counter() {
        let family = |name: &str, kind| DeclaredFamily {
            name: name.to_owned(),
            kind,
            unit: None,
            help: String::new(),
            labels: Vec::new(),
            experimental: false,
        };
        let right = [
            family("nbu_jobs", DeclaredKind::Gauge),
            family("nbu_jobs_total", DeclaredKind::Counter),
        ];
        assert_eq!(names(right.iter()), Ok(String::new()));
        let wrong = [
            family("nbu_jobs", DeclaredKind::Counter),
            family("nbu_jobs_total", DeclaredKind::Gauge),
        ];
        let said = "counter `nbu_jobs` does not end with `_total`\n\
                    `nbu_jobs_total` ends with `_total` and is no counter";
        assert_eq!(names(wrong.iter()), Err(said.to_owned()));
    }

    #[test]
    fn an_age_and_milliseconds_are_no_times() {
        let wrong = |name: &str, value| {
            let point = Point {
                label_values: Vec::new(),
                value,
            };
            let family = Family {
                name: name.to_owned(),
                help: String::new(),
                labels: Vec::new(),
                samples: Samples::Gauge(vec![point]),
            };
            wrong_time([family].iter())
        };
        let time = "nbu_last_backup_timestamp_seconds";
        assert_eq!(wrong(time, 1_768_471_200.0), None);
        for value in [0.0, 3600.0, 1_768_471_200_000.0] {
            let said = wrong(time, value).unwrap();
            assert!(said.contains("expected the seconds since 1970"), "{said}");
        }
        assert_eq!(wrong("nbu_backup_age_seconds", 3600.0), None);
    }
}
