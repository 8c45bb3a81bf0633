//! Computes the highlights of a guest from the values of a site.

use crate::cache::SiteSnapshot;
use crate::guest::{Aggregate, Highlight, Manifest};
use crate::http::Tile;
use crate::metrics::Family;

/// The highlights that the site can have. A highlight of a collector that is off is
/// omitted, and so is one whose collector succeeded without its family.
pub(super) fn tiles(manifest: &Manifest, site: &SiteSnapshot, now: f64) -> Vec<Tile> {
    let tile = |highlight: &Highlight| {
        let mut families = site.families.iter();
        let family = families.find(|family| family.header().name == highlight.family);
        if family.is_none() && !is_expected(manifest, site, &highlight.family) {
            return None;
        }
        let value = family.and_then(|family| value(highlight, &family.read()));
        let (value, unit) = aged(value, highlight.unit.as_deref(), now);
        Some(Tile {
            title: highlight.title.clone(),
            family: highlight.family.clone(),
            value,
            unit: unit.map(str::to_owned),
            warn_above: highlight.warn_above,
        })
    };
    manifest.highlights.iter().filter_map(tile).collect()
}

/// Whether an enabled collector that has not succeeded yet declares the family.
fn is_expected(manifest: &Manifest, site: &SiteSnapshot, family: &str) -> bool {
    let mut declared = manifest.collectors.iter();
    let declared = declared.find(|it| it.families.iter().any(|one| one.name == family));
    let mut collectors = site.collectors.iter();
    declared.is_some_and(|declared| {
        let enabled = collectors.find(|it| it.name == declared.name);
        enabled.is_some_and(|it| it.status.success != Some(true))
    })
}

/// A time as an age, which can be too great.
fn aged(value: Option<f64>, unit: Option<&str>, now: f64) -> (Option<f64>, Option<&str>) {
    match unit {
        Some("timestamp_seconds") => (value.map(|time| now - time), Some(Tile::AGE)),
        _ => (value, unit),
    }
}

/// `None` if no series matches and the aggregate of nothing is not a number.
fn value(highlight: &Highlight, family: &Family) -> Option<f64> {
    let values = highlight.values(family);
    match highlight.aggregate {
        Aggregate::Sum => Some(values.iter().sum()),
        Aggregate::Count => Some(values.len() as f64),
        Aggregate::Min => values.into_iter().reduce(f64::min),
        Aggregate::Max => values.into_iter().reduce(f64::max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Point, Samples};

    fn highlight(aggregate: Aggregate, state: &str) -> Highlight {
        Highlight {
            title: "Jobs".to_owned(),
            family: "nbu_jobs".to_owned(),
            matching: vec![("state".to_owned(), state.to_owned())],
            aggregate,
            unit: None,
            warn_above: None,
        }
    }

    #[test]
    fn a_time_is_shown_as_its_age() {
        let unit = Some("timestamp_seconds");
        assert_eq!(
            aged(Some(940.0), unit, 1000.0),
            (Some(60.0), Some(Tile::AGE))
        );
        assert_eq!(aged(Some(940.0), Some("bytes"), 1000.0).0, Some(940.0));
    }

    #[test]
    fn only_matching_series_are_aggregated() {
        let point = |state: &str, value| Point {
            label_values: vec!["x".to_owned(), state.to_owned()],
            value,
        };
        let family = Family {
            name: "nbu_jobs".to_owned(),
            help: String::new(),
            labels: vec!["policy".to_owned(), "state".to_owned()],
            samples: Samples::Gauge(vec![
                point("ACTIVE", 2.0),
                point("QUEUED", 40.0),
                point("ACTIVE", 3.0),
            ]),
        };
        for (aggregate, expected, of_nothing) in [
            (Aggregate::Sum, 5.0, Some(0.0)),
            (Aggregate::Min, 2.0, None),
            (Aggregate::Max, 3.0, None),
            (Aggregate::Count, 2.0, Some(0.0)),
        ] {
            let found = value(&highlight(aggregate, "ACTIVE"), &family);
            assert_eq!(found, Some(expected), "{aggregate:?}");
            let none = value(&highlight(aggregate, "DONE"), &family);
            assert_eq!(none, of_nothing, "{aggregate:?}");
        }
    }
}
