//! Families as Prometheus text, for golden files.

use std::fmt::Write;

use guest::contract::{Family, Samples};

/// HELP, TYPE and samples of every family, in order.
pub(crate) fn text(families: &[Family]) -> String {
    let mut out = String::new();
    for family in families {
        let (kind, lines) = lines(family);
        let name = &family.name;
        write!(
            out,
            "# HELP {name} {}\n# TYPE {name} {kind}\n{lines}",
            family.help
        )
        .unwrap();
    }
    out
}

/// The samples only.
pub(crate) fn samples(families: &[Family]) -> String {
    families.iter().map(|family| lines(family).1).collect()
}

/// The value of one sample, such as `nbu_x{a="b"}`.
pub(crate) fn value(families: &[Family], sample: &str) -> Option<f64> {
    let text = samples(families);
    let mut values = text
        .lines()
        .filter_map(|line| line.strip_prefix(sample)?.strip_prefix(' '))
        .map(|value| value.parse().unwrap());
    let value = values.next();
    assert!(values.next().is_none(), "`{sample}` appears twice");
    value
}

fn lines(family: &Family) -> (&'static str, String) {
    let name = &family.name;
    let mut out = String::new();
    let mut line = |suffix: &str, values: &[String], le: Option<String>, value: String| {
        let pairs = family.labels.iter().zip(values);
        let mut labels: Vec<String> = pairs.map(|(l, v)| format!("{l}=\"{v}\"")).collect();
        labels.extend(le.map(|le| format!("le=\"{le}\"")));
        assert_eq!(values.len(), family.labels.len());
        writeln!(out, "{name}{suffix}{{{}}} {value}", labels.join(",")).unwrap();
    };
    let kind = match &family.samples {
        Samples::Gauge(points) | Samples::Counter(points) => {
            for point in points {
                line("", &point.label_values, None, point.value.to_string());
            }
            match family.samples {
                Samples::Counter(_) => "counter",
                _ => "gauge",
            }
        }
        Samples::Histogram(distributions) => {
            for d in distributions {
                for bucket in &d.buckets {
                    let le = Some(bucket.upper_bound.to_string());
                    line(
                        "_bucket",
                        &d.label_values,
                        le,
                        bucket.cumulative_count.to_string(),
                    );
                }
                let le = Some("+Inf".to_owned());
                line("_bucket", &d.label_values, le, d.count.to_string());
                line("_sum", &d.label_values, None, d.sum.to_string());
                line("_count", &d.label_values, None, d.count.to_string());
            }
            "histogram"
        }
    };
    (kind, out)
}
