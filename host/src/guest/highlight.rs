//! The series that a highlight is made of.

use super::Highlight;
use crate::metrics::{Family, Samples};

impl Highlight {
    /// The values of the series with the labels of the highlight. The value of a histogram
    /// is its number of observations.
    pub fn values(&self, family: &Family) -> Vec<f64> {
        let labels = self.matching.iter();
        let labels: Vec<_> = labels
            .map(|(label, value)| (family.labels.iter().position(|it| it == label), value))
            .collect();
        let matches = |label_values: &[String]| {
            labels.iter().all(|(index, value)| {
                let found = index.and_then(|index| label_values.get(index));
                found == Some(value)
            })
        };
        match &family.samples {
            Samples::Gauge(points) | Samples::Counter(points) => {
                let points = points.iter().filter(|it| matches(&it.label_values));
                points.map(|it| it.value).collect()
            }
            Samples::Histogram(distributions) => {
                let all = distributions.iter().filter(|it| matches(&it.label_values));
                all.map(|it| it.count as f64).collect()
            }
        }
    }
}
