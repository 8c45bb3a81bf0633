//! A rendered family of one site.

mod headers;
mod reader;

use std::sync::Arc;

use bytes::Bytes;

use super::family::{Distribution, Family, Kind, Samples};
use super::text::{self, Format};
use crate::site::SiteName;
pub use headers::{FamilyHeader, FamilyHeaders};
pub use reader::{LabelRenderer, LabelSet};

/// The samples of a family, rendered once for many pages. Only the text is kept, and
/// read back where values are needed: as a [`Family`] they take twice the memory.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedFamily {
    header: Arc<FamilyHeader>,
    series: usize,
    text: Bytes,
    /// Only where it differs from the text: points are equal in both formats.
    openmetrics: Option<Bytes>,
}

impl RenderedFamily {
    /// Renders a family that passed [`check`](super::check::check), in both formats.
    /// Takes milliseconds for each megabyte, so call it outside the serving threads.
    pub fn new(site: &SiteName, family: Family) -> Self {
        Self::sharing(&FamilyHeaders::default(), site, family)
    }

    /// The same, with the header of an equal family of another site.
    pub fn sharing(headers: &FamilyHeaders, site: &SiteName, family: Family) -> Self {
        let kind = family.kind();
        Self {
            series: family.series(),
            text: write(site, &family, Format::Text),
            openmetrics: (kind == Kind::Histogram)
                .then(|| write(site, &family, Format::OpenMetrics)),
            header: headers.shared(FamilyHeader {
                name: family.name,
                help: family.help,
                kind,
                labels: family.labels,
            }),
        }
    }

    /// Name, help, type and label names.
    pub fn header(&self) -> &FamilyHeader {
        &self.header
    }

    /// Number of series that Prometheus stores for it.
    pub fn series(&self) -> usize {
        self.series
    }

    /// The size of its lines in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The samples of a gauge or counter; none of a histogram.
    pub fn points(&self) -> impl Iterator<Item = (LabelSet<'_>, f64)> {
        reader::points(self.lines(self.header.kind != Kind::Histogram))
    }

    /// The samples of a histogram; none of another kind.
    pub fn distributions(&self) -> impl Iterator<Item = (LabelSet<'_>, Distribution)> {
        reader::distributions(self.lines(self.header.kind == Kind::Histogram))
    }

    /// The labels of each sample, in their order.
    pub(super) fn label_sets(&self) -> impl Iterator<Item = LabelSet<'_>> {
        let points = self.points().map(|(labels, _)| labels);
        points.chain(self.distributions().map(|(labels, _)| labels))
    }

    /// The family that was rendered.
    pub fn read(&self) -> Family {
        let FamilyHeader {
            name,
            help,
            kind,
            labels,
        } = self.header();
        Family {
            name: name.clone(),
            help: help.clone(),
            labels: labels.clone(),
            samples: match kind {
                Kind::Gauge => Samples::Gauge(self.points().map(reader::point).collect()),
                Kind::Counter => Samples::Counter(self.points().map(reader::point).collect()),
                Kind::Histogram => {
                    Samples::Histogram(self.distributions().map(|(_, it)| it).collect())
                }
            },
        }
    }

    /// The lines of its samples, without HELP and TYPE.
    pub(super) fn written(&self, format: Format) -> Bytes {
        match (format, &self.openmetrics) {
            (Format::OpenMetrics, Some(own)) => own.clone(),
            _ => self.text.clone(),
        }
    }

    /// The text, or nothing.
    fn lines(&self, any: bool) -> &[u8] {
        if any { &self.text } else { &[] }
    }
}

fn write(site: &SiteName, family: &Family, format: Format) -> Bytes {
    let mut out = String::new();
    text::samples(&mut out, format, family, Some(site.as_str()));
    // Copied, because it is kept as long as the values, without unused capacity.
    Bytes::copy_from_slice(out.as_bytes())
}
