//! A metric family in the Prometheus data model.

/// What a family's numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A value that only grows, except that it starts again at zero.
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

/// Series that share a name, a meaning and label names.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Such as `nbu_disk_bytes`.
    pub name: String,
    /// What the values mean, in a sentence.
    pub help: String,
    /// The label names, once for all samples, without `site`.
    pub labels: Vec<String>,
    /// The samples, all of one kind.
    pub samples: Samples,
}

impl Family {
    /// The kind that the samples are of.
    pub fn kind(&self) -> Kind {
        match self.samples {
            Samples::Gauge(_) => Kind::Gauge,
            Samples::Counter(_) => Kind::Counter,
            Samples::Histogram(_) => Kind::Histogram,
        }
    }

    /// How many series Prometheus stores for it.
    pub fn series(&self) -> usize {
        match &self.samples {
            Samples::Gauge(points) | Samples::Counter(points) => points.len(),
            Samples::Histogram(distributions) => {
                distributions.iter().map(Distribution::series).sum()
            }
        }
    }

    /// The label values of each sample, in the samples' order.
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

    /// Keep the samples whose label values pass.
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

/// One value under one label set.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// One for each of the family's `labels`, in their order.
    pub label_values: Vec<String>,
    /// In the base unit that the family's name ends in.
    pub value: f64,
}

/// One histogram under one label set.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// One for each of the family's `labels`, in their order.
    pub label_values: Vec<String>,
    /// Ascending by bound, counts cumulative; the `+Inf` bucket is `count`.
    pub buckets: Vec<Bucket>,
    /// The sum of all observations, in the family's base unit.
    pub sum: f64,
    /// How many observations there were.
    pub count: u64,
}

impl Distribution {
    /// How many series it makes: its buckets, the `+Inf` one, sum and count.
    pub fn series(&self) -> usize {
        self.buckets.len() + 3
    }
}

/// The observations up to a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// In the family's base unit, inclusive.
    pub upper_bound: f64,
    /// All observations up to the bound, those of lower buckets too.
    pub cumulative_count: u64,
}
