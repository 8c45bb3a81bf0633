//! Converts the registry's metrics to this crate's families, so that the same code
//! renders them and the guest's families.

use prometheus::proto;

use crate::metrics::family::{Bucket, Distribution, Family, Point, Samples};

/// `None` for a type that no instrument has.
pub(super) fn family(proto: &proto::MetricFamily) -> Option<Family> {
    let metrics = proto.get_metric();
    let first = metrics.first()?;
    let samples = match proto.get_field_type() {
        proto::MetricType::GAUGE => Samples::Gauge(
            metrics
                .iter()
                .map(|m| point(m, m.get_gauge().get_value()))
                .collect(),
        ),
        proto::MetricType::COUNTER => Samples::Counter(
            metrics
                .iter()
                .map(|m| point(m, m.get_counter().get_value()))
                .collect(),
        ),
        proto::MetricType::HISTOGRAM => {
            Samples::Histogram(metrics.iter().map(distribution).collect())
        }
        _ => return None,
    };
    Some(Family {
        name: proto.name().to_owned(),
        help: proto.help().to_owned(),
        labels: labels(first).map(|label| label.name().to_owned()).collect(),
        samples,
    })
}

/// The registry sorts labels by name. `site` is first, as in all families.
fn labels(metric: &proto::Metric) -> impl Iterator<Item = &proto::LabelPair> {
    let is_site = |label: &&proto::LabelPair| label.name() == "site";
    let labels = metric.get_label();
    labels
        .iter()
        .filter(is_site)
        .chain(labels.iter().filter(move |label| !is_site(label)))
}

fn values(metric: &proto::Metric) -> Vec<String> {
    labels(metric)
        .map(|label| label.value().to_owned())
        .collect()
}

fn point(metric: &proto::Metric, value: f64) -> Point {
    Point {
        label_values: values(metric),
        value,
    }
}

fn distribution(metric: &proto::Metric) -> Distribution {
    let histogram = metric.get_histogram();
    let buckets = histogram.get_bucket().iter().map(|bucket| Bucket {
        upper_bound: bucket.upper_bound(),
        cumulative_count: bucket.cumulative_count(),
    });
    Distribution {
        label_values: values(metric),
        buckets: buckets.collect(),
        sum: histogram.get_sample_sum(),
        count: histogram.get_sample_count(),
    }
}
