//! A rendered family of one site.

use bytes::Bytes;

use super::family::{Family, Kind};
use super::text::{self, Format};
use crate::site::SiteName;

/// The samples of a family, rendered once for many pages.
#[derive(Clone, Debug)]
pub struct RenderedFamily {
    family: Family,
    text: Bytes,
    /// Only where it differs from the text: points are equal in both formats.
    openmetrics: Option<Bytes>,
}

impl RenderedFamily {
    /// Renders a family that passed [`check`](super::check::check), in both formats.
    /// Takes milliseconds for each megabyte, so call it outside the serving threads.
    pub fn new(site: &SiteName, family: Family) -> Self {
        let differs = family.kind() == Kind::Histogram;
        Self {
            text: write(site, &family, Format::Text),
            openmetrics: differs.then(|| write(site, &family, Format::OpenMetrics)),
            family,
        }
    }

    /// The family that was rendered.
    pub fn family(&self) -> &Family {
        &self.family
    }

    /// The size of its lines in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The lines of its samples, without HELP and TYPE.
    pub(super) fn written(&self, format: Format) -> Bytes {
        match (format, &self.openmetrics) {
            (Format::OpenMetrics, Some(own)) => own.clone(),
            _ => self.text.clone(),
        }
    }
}

fn write(site: &SiteName, family: &Family, format: Format) -> Bytes {
    let mut out = String::new();
    text::samples(&mut out, format, family, Some(site.as_str()));
    // It is kept as long as the values, so unused capacity would be wasted.
    out.shrink_to_fit();
    out.into()
}
