//! Families as Prometheus text, for golden files.

use std::fmt::Write;

use guest::contract::{DeclaredFamily, ReportedFamily, Samples};
use guest::describe::describe;

/// HELP, TYPE and samples of every family, in order.
pub(crate) fn text(families: &[ReportedFamily]) -> String {
    let mut out = String::new();
    for family in families {
        let (kind, lines) = lines(family);
        let name = &family.name;
        let help = declared(name).help;
        write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}").unwrap();
    }
    out
}

/// The samples only.
pub(crate) fn samples(families: &[ReportedFamily]) -> String {
    families.iter().map(|family| lines(family).1).collect()
}

/// The value of one sample, such as `nbu_x{a="b"}`.
pub(crate) fn value(families: &[ReportedFamily], sample: &str) -> Option<f64> {
    let text = samples(families);
    let mut values = text
        .lines()
        .filter_map(|line| line.strip_prefix(sample)?.strip_prefix(' '))
        .map(|value| value.parse().unwrap());
    let value = values.next();
    assert!(values.next().is_none(), "`{sample}` appears twice");
    value
}

/// The declaration of a family.
pub(crate) fn declared(name: &str) -> DeclaredFamily {
    let collectors = describe().collectors.into_iter();
    let mut families = collectors.flat_map(|it| it.families);
    families.find(|it| it.name == name).unwrap()
}

fn lines(family: &ReportedFamily) -> (&'static str, String) {
    let name = &family.name;
    let names = declared(name).labels;
    let mut out = String::new();
    let mut line = |suffix: &str, values: &[String], le: Option<String>, value: String| {
        let pairs = names.iter().zip(values);
        let mut labels: Vec<String> = pairs.map(|(l, v)| format!("{l}=\"{v}\"")).collect();
        labels.extend(le.map(|le| format!("le=\"{le}\"")));
        assert_eq!(values.len(), names.len());
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
