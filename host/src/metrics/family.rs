//! A metric family in the Prometheus data model.

/// The type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A value that only grows, except for a restart at zero.
    Counter,
    /// Observations counted in buckets.
    Histogram,
}

impl Kind {
    /// The word after `# TYPE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// Series with the same name, type and label names.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Such as `nbu_disk_bytes`.
    pub name: String,
    /// The HELP text.
    pub help: String,
    /// The label names of all samples, without `site`.
    pub labels: Vec<String>,
    /// The samples, all of one kind.
    pub samples: Samples,
}

impl Family {
    /// The type of the samples.
    pub fn kind(&self) -> Kind {
        self.samples.kind()
    }

    /// Number of series that Prometheus stores for it.
    pub fn series(&self) -> usize {
        self.samples.series()
    }

    /// About the number of bytes of its lines, without the label `site`.
    pub fn text_bytes(&self) -> usize {
        // The suffix of a histogram's sample, its bound, and the value.
        const REST: usize = 40;
        // Of each label, `="",`.
        let labels = self.labels.iter().map(|name| name.len() + 4);
        let each = self.name.len() + labels.sum::<usize>() + REST;
        let line = |values: &[String]| each + values.iter().map(String::len).sum::<usize>();
        match &self.samples {
            Samples::Gauge(points) | Samples::Counter(points) => {
                points.iter().map(|it| line(&it.label_values)).sum()
            }
            Samples::Histogram(all) => all
                .iter()
                .map(|it| it.series() * line(&it.label_values))
                .sum(),
        }
    }

    /// The label values of each sample, in the order of the samples.
    pub fn label_sets(&self) -> Vec<&[String]> {
        match &self.samples {
            Samples::Gauge(points) | Samples::Counter(points) => points
                .iter()
                .map(|point| point.label_values.as_slice())
                .collect(),
            Samples::Histogram(distributions) => distributions
                .iter()
                .map(|one| one.label_values.as_slice())
                .collect(),
        }
    }

    /// Keeps the samples whose label values pass.
    pub fn retain(&mut self, mut passes: impl FnMut(&[String]) -> bool) {
        match &mut self.samples {
            Samples::Gauge(points) | Samples::Counter(points) => {
                points.retain(|point| passes(&point.label_values));
            }
            Samples::Histogram(distributions) => {
                distributions.retain(|one| passes(&one.label_values));
            }
        }
    }
}

/// The samples of a family.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// Points that go up and down.
    Gauge(Vec<Point>),
    /// Points that only grow.
    Counter(Vec<Point>),
    /// Observations in buckets.
    Histogram(Vec<Distribution>),
}

impl Samples {
    /// The type.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Gauge(_) => Kind::Gauge,
            Self::Counter(_) => Kind::Counter,
            Self::Histogram(_) => Kind::Histogram,
        }
    }

    /// Number of series that Prometheus stores for them.
    pub fn series(&self) -> usize {
        match self {
            Self::Gauge(points) | Self::Counter(points) => points.len(),
            Self::Histogram(distributions) => distributions.iter().map(Distribution::series).sum(),
        }
    }
}

/// One value under one label set.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// One for each of the family's `labels`.
    pub label_values: Vec<String>,
    /// In the base unit named by the family.
    pub value: f64,
}

/// One histogram under one label set.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// One for each of the family's `labels`.
    pub label_values: Vec<String>,
    /// Ascending by bound, counts cumulative; the `+Inf` bucket is `count`.
    pub buckets: Vec<Bucket>,
    /// The sum of all observations, in the base unit named by the family.
    pub sum: f64,
    /// Number of observations.
    pub count: u64,
}

impl Distribution {
    /// Number of series: the buckets, the `+Inf` bucket, sum and count.
    pub fn series(&self) -> usize {
        self.buckets.len() + 3
    }
}

/// The observations up to a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Inclusive, in the base unit named by the family.
    pub upper_bound: f64,
    /// Observations up to the bound, including those of lower buckets.
    pub cumulative_count: u64,
}
