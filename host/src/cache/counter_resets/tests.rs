use super::*;
use crate::metrics::{Bucket, Point};
use crate::site::SiteName;

fn counter(values: &[(&str, f64)]) -> Family {
    let points = values.iter().map(|(label, value)| Point {
        label_values: vec![(*label).to_owned()],
        value: *value,
    });
    Family {
        name: "nbu_x_total".to_owned(),
        help: String::new(),
        labels: vec!["l".to_owned()],
        samples: Samples::Counter(points.collect()),
    }
}

fn histogram(bounds: [f64; 2], counts: [u64; 2], count: u64) -> Family {
    let buckets = bounds.iter().zip(counts).map(|(bound, count)| Bucket {
        upper_bound: *bound,
        cumulative_count: count,
    });
    Family {
        samples: Samples::Histogram(vec![Distribution {
            label_values: vec!["a".to_owned()],
            buckets: buckets.collect(),
            sum: 1.0,
            count,
        }]),
        ..counter(&[])
    }
}

/// Returns what is shown of `now`, and what is held back.
fn after(before: &[Family], now: Family) -> (Family, Vec<Family>) {
    let site = SiteName::new("s").unwrap();
    let before = before.iter().cloned();
    let before: Vec<_> = before.map(|it| RenderedFamily::new(&site, it)).collect();
    let mut families = [now];
    let held = hold_back(&site, &mut families, before.iter());
    let [shown] = families;
    (shown, held)
}

#[test]
fn only_the_decreased_series_is_held_back() {
    let before = [counter(&[("a", 5.0), ("b", 5.0)])];
    let (shown, held) = after(&before, counter(&[("a", 6.0), ("b", 4.0), ("c", 1.0)]));
    assert_eq!(shown, counter(&[("a", 6.0), ("c", 1.0)]));
    assert_eq!(held, [counter(&[("b", 4.0)])]);
}

#[test]
fn a_decreased_series_is_found_in_any_order() {
    let before = [counter(&[("a", 5.0), ("b", 5.0), ("c", 5.0), ("d", 5.0)])];
    for order in [
        ["a", "c", "d", "new"],
        ["new", "a", "c", "d"],
        ["d", "c", "new", "a"],
    ] {
        for fell in ["a", "c", "d"] {
            let now = order.map(|label| (label, if label == fell { 4.0 } else { 6.0 }));
            let (shown, held) = after(&before, counter(&now));
            assert_eq!(held, [counter(&[(fell, 4.0)])], "{order:?}");
            assert_eq!(shown.series(), 3, "{order:?}");
        }
    }
}

#[test]
fn held_back_values_are_compared_too() {
    let before = [counter(&[("a", 5.0)]), counter(&[("b", 2.0)])];
    let (shown, held) = after(&before, counter(&[("b", 3.0), ("a", 4.0)]));
    assert_eq!(
        (shown, held),
        (counter(&[("b", 3.0)]), vec![counter(&[("a", 4.0)])])
    );
}

#[test]
fn a_gauge_or_a_former_gauge_may_decrease() {
    let gauge = |value| Family {
        samples: Samples::Gauge(vec![Point {
            label_values: vec!["a".to_owned()],
            value,
        }]),
        ..counter(&[])
    };
    assert!(after(&[gauge(5.0)], gauge(4.0)).1.is_empty());
    assert!(after(&[gauge(5.0)], counter(&[("a", 4.0)])).1.is_empty());
}

#[test]
fn a_histogram_decreases_if_its_count_or_a_bucket_does() {
    let before = [histogram([1.0, 2.0], [3, 4], 5)];
    for (bounds, counts, count, falls) in [
        ([1.0, 2.0], [3, 4], 5, false),
        ([1.0, 2.0], [3, 5], 6, false),
        ([1.0, 2.0], [3, 4], 4, true),
        ([1.0, 2.0], [2, 4], 6, true),
        // Different buckets cannot be compared, but the count can.
        ([1.5, 2.5], [0, 0], 5, false),
    ] {
        let (shown, held) = after(&before, histogram(bounds, counts, count));
        assert_eq!(held.len() == 1, falls, "{counts:?} {count}");
        assert_eq!(shown.series() == 0, falls, "{counts:?} {count}");
    }
}
