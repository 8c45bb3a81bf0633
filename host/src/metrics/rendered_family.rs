//! A family of one site, written down.

use bytes::Bytes;

use super::family::{Family, Kind};
use super::text::{self, Format};
use crate::site::SiteName;

/// The samples of a family, rendered once and put on page after page.
#[derive(Clone, Debug)]
pub struct RenderedFamily {
    family: Family,
    text: Bytes,
    /// Where it differs from the text: points are written alike in both formats.
    openmetrics: Option<Bytes>,
}

impl RenderedFamily {
    /// Writes a family of a site, which has passed [`check`](super::check::check),
    /// in both formats. Takes milliseconds for each megabyte: call it off the
    /// threads that serve.
    pub fn new(site: &SiteName, family: Family) -> Self {
        let differs = family.kind() == Kind::Histogram;
        Self {
            text: write(site, &family, Format::Text),
            openmetrics: differs.then(|| write(site, &family, Format::OpenMetrics)),
            family,
        }
    }

    /// What is written here.
    pub fn family(&self) -> &Family {
        &self.family
    }

    /// The lines of its samples, without a head.
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
    // It stays for as long as the values do: without what it grew by too much.
    out.shrink_to_fit();
    out.into()
}
