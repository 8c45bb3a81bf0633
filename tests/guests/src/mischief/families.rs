//! Valid and invalid families. Each invalid family comes with a valid one, which must
//! not be affected.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use super::{holding, swapped};
use crate::component::bindings::nbu::collector::metrics::{
    Bucket, Distribution, Family, Point, Samples,
};

/// How often this instance was asked for a family.
static REMEMBERED: AtomicU32 = AtomicU32::new(1);

/// The report of a guest with that behaviour. `count` is the number of calls that it knows.
pub(crate) fn of(word: &str, collector: &str, stamp: u32, count: u32) -> Vec<Family> {
    let value = match word {
        "count" => count,
        "clock" => seconds_now(),
        "remembers" => REMEMBERED.fetch_add(1, Ordering::Relaxed),
        _ => stamp,
    };
    let good = gauge(
        &format!("nbu_test_{collector}"),
        &[(&stamp.to_string(), f64::from(value))],
    );
    let total = |points: &[(&str, f64)]| Family {
        samples: Samples::Counter(self::points(points)),
        ..gauge(&format!("nbu_test_{collector}_calls_total"), &[])
    };
    let seconds = |distribution| Family {
        samples: Samples::Histogram(vec![distribution]),
        ..gauge(&format!("nbu_test_{collector}_seconds"), &[])
    };
    let bad = match word {
        "dropped" | "fewer" if collector == "jobs" => return Vec::new(),
        "mislabels" => return vec![labelled(good, "site")],
        "wrong-labels" => return vec![labelled(good, "mark")],
        "undeclared" => gauge("nbu_secret_family", &[("1", 1.0)]),
        "usurper" => gauge("nbu_exporter_build_info", &[("1", 1.0)]),
        "wrong-kind" => gauge(&format!("nbu_test_{collector}_calls_total"), &[("1", 1.0)]),
        "duplicate" => total(&[("1", 1.0), ("2", 2.0), ("1", 3.0)]),
        "nan" => total(&[("1", f64::NAN), ("2", f64::INFINITY), ("3", -1.0)]),
        "nan-gauge" => gauge(&good.name, &[("x", f64::NAN), ("y", f64::INFINITY)]),
        "counts" | "counts-restarts" | "restarts" | "spoils" => total(&[("1", f64::from(count))]),
        "rolls" => total(&[(&count.to_string(), 1.0)]),
        "falling" => total(&[("1", 1e6 - f64::from(count)), ("2", f64::from(count))]),
        "falling-histogram" => seconds(distribution(&[(1.0, 1)], 1_000_000 - u64::from(count))),
        "buckets" => seconds(distribution(&[(2.0, 1), (1.0, 2)], 3)),
        "bucket-counts" => seconds(distribution(&[(1.0, 9), (2.0, 1)], 9)),
        "label-count" => {
            let mut family = total(&[("1", 1.0)]);
            family.labels.push("more".to_owned());
            family
        }
        "long-label" => total(&[(&"x".repeat(100_000), 1.0)]),
        "long-help" => Family {
            help: "Help! ".repeat(100_000),
            ..total(&[("1", 1.0)])
        },
        "hold-report" if collector == "jobs" => Family {
            help: holding::long(),
            ..total(&[("1", 1.0)])
        },
        "series" => flood(total(&[]), 20_000),
        "families" => return (0..100_000).map(numbered).collect(),
        // Each of the others differs from the first.
        "many-parts" => return parts(good),
        "utf8" => labelled(total(&[("1", 1.0)]), &not_utf8()),
        _ => return vec![swapped::changed(word, good)],
    };
    vec![good, bad]
}

/// By the wall clock of the guest.
fn seconds_now() -> u32 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |it| it.as_secs() as u32)
}

fn gauge(name: &str, values: &[(&str, f64)]) -> Family {
    Family {
        name: name.to_owned(),
        help: "The number that was written into the guest.".to_owned(),
        labels: vec!["stamp".to_owned()],
        samples: Samples::Gauge(points(values)),
    }
}

fn points(values: &[(&str, f64)]) -> Vec<Point> {
    let point = |(label, value): &(&str, f64)| Point {
        label_values: vec![(*label).to_owned()],
        value: *value,
    };
    values.iter().map(point).collect()
}

fn distribution(buckets: &[(f64, u64)], count: u64) -> Distribution {
    let bucket = |(bound, count): &(f64, u64)| Bucket {
        upper_bound: *bound,
        cumulative_count: *count,
    };
    Distribution {
        label_values: vec!["1".to_owned()],
        buckets: buckets.iter().map(bucket).collect(),
        sum: 1.0,
        count,
    }
}

fn labelled(family: Family, label: &str) -> Family {
    Family {
        labels: vec![label.to_owned()],
        ..family
    }
}

fn numbered(n: u32) -> Family {
    gauge(&format!("nbu_test_{n}"), &[("1", 1.0)])
}

fn parts(first: Family) -> Vec<Family> {
    let part = |n: u32| gauge(&first.name, &[(&format!("part {n}"), 1.0)]);
    let others: Vec<_> = (1..1000).map(part).collect();
    [vec![first], others].concat()
}

fn flood(family: Family, series: u32) -> Family {
    let point = |n: u32| Point {
        label_values: vec![n.to_string()],
        value: 1.0,
    };
    Family {
        samples: Samples::Counter((0..series).map(point).collect()),
        ..family
    }
}

/// Text with invalid UTF-8, which safe Rust cannot produce.
#[allow(unsafe_code, reason = "the host must bear it")]
fn not_utf8() -> String {
    let bytes = vec![b'n', 0xff, 0xfe];
    // SAFETY: unsound on purpose; the bytes are only handed on to the host.
    unsafe { String::from_utf8_unchecked(bytes) }
}
