//! The page: the families of all sites, rendered once and served many times.

mod merge;

use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;

use self::merge::{Families, Merge};
use super::check::Reason;
use super::chunks::Chunks;
#[cfg(test)]
use super::family::Family;
use super::gzip::GzipPrefix;
use super::rendered_family::RenderedFamily;
use super::text::{self, Format};
use crate::site::SiteName;

/// The exposition of all sites, ready to be sent. Each scrape appends the host's own
/// instruments, and `# EOF` in OpenMetrics.
#[derive(Debug, Default)]
pub struct Page {
    text: FormattedPage,
    openmetrics: FormattedPage,
    /// For each chunk the index in `series` of the site whose samples it holds; `None` for
    /// HELP and TYPE. The chunks of both formats have the same order.
    owners: Vec<Option<u32>>,
    /// Number of series of each site.
    pub series: Vec<(SiteName, usize)>,
    /// Number of series of a site that conflict with those of another.
    pub dropped: Vec<(SiteName, Reason, usize)>,
}

/// One format of the page.
#[derive(Debug, Default)]
struct FormattedPage {
    plain: Chunks,
    gzip: OnceLock<GzipPrefix>,
}

impl Page {
    /// Joins the families of all sites in both formats, and reuses the compressed
    /// blocks of `before`.
    pub fn new(sites: &[(SiteName, Vec<&RenderedFamily>)], before: &Self) -> Self {
        let merge = Merge::new(sites);
        let written =
            |format| FormattedPage::after(before.written(format), chunks(&merge.families, format));
        Self {
            text: written(Format::Text),
            openmetrics: written(Format::OpenMetrics),
            owners: owners(&merge.families, sites),
            series: merge.series(sites),
            dropped: merge.dropped,
        }
    }

    /// The uncompressed page.
    pub fn plain(&self, format: Format) -> &Chunks {
        &self.written(format).plain
    }

    /// The part of one site; `None` if the site is unknown.
    pub fn part(&self, site: &SiteName, format: Format) -> Option<Chunks> {
        let index = self.series.iter().position(|(name, _)| name == site)?;
        let chunks = self.plain(format).as_slice();
        let mut head = None;
        let mut part = Vec::new();
        for (chunk, owner) in chunks.iter().zip(&self.owners) {
            match owner {
                None => head = Some(chunk),
                Some(owner) if *owner as usize == index => {
                    part.extend(head.take());
                    part.push(chunk);
                }
                Some(_) => {}
            }
        }
        Some(part.into_iter().cloned().collect())
    }

    /// The compressed page, to which a suffix can be added.
    pub fn gzip(&self, format: Format) -> &GzipPrefix {
        let FormattedPage { plain, gzip } = self.written(format);
        gzip.get_or_init(|| GzipPrefix::new(plain.clone()))
    }

    fn written(&self, format: Format) -> &FormattedPage {
        match format {
            Format::Text => &self.text,
            Format::OpenMetrics => &self.openmetrics,
        }
    }
}

impl FormattedPage {
    /// Compresses the page only if the previous one was requested compressed: a
    /// scraper asks for the same format each time. After the first time no scrape
    /// waits for compression.
    fn after(before: &Self, plain: Chunks) -> Self {
        let gzip = before.gzip.get().map(|gzip| gzip.renewed(plain.clone()));
        Self {
            plain,
            gzip: gzip.map_or_else(OnceLock::new, OnceLock::from),
        }
    }
}

/// The HELP and TYPE lines, and between them the rendered families.
fn chunks(families: &Families<'_>, format: Format) -> Chunks {
    let mut heads = String::new();
    let mut ends = Vec::with_capacity(families.len());
    for (name, merged) in families {
        if let Some((_, first)) = merged.first() {
            let first = first.header();
            text::head(&mut heads, format, name, &first.help, first.kind);
        }
        ends.push(heads.len());
    }
    let heads = Bytes::from(heads);
    let begins = std::iter::once(0).chain(ends.iter().copied());
    let each = begins.zip(&ends).zip(families.values());
    each.flat_map(|((begin, end), merged)| {
        let samples = merged
            .iter()
            .map(|(_, rendered_family)| rendered_family.written(format));
        std::iter::once(heads.slice(begin..*end)).chain(samples)
    })
    .collect()
}

/// The owner of each of the [`chunks`]. None of them is empty: every family has series.
fn owners(families: &Families<'_>, sites: &[(SiteName, Vec<&RenderedFamily>)]) -> Vec<Option<u32>> {
    let indices: HashMap<&SiteName, u32> = sites.iter().map(|(site, _)| site).zip(0..).collect();
    let each = families.values().flat_map(|merged| {
        let owners = merged.iter().map(|(site, _)| indices.get(site).copied());
        std::iter::once(None).chain(owners)
    });
    each.collect()
}

#[cfg(test)]
impl Page {
    /// A page without a previous page.
    pub fn of(sites: &[(SiteName, Vec<&Family>)]) -> Self {
        let written = sites.iter().map(|(site, families)| {
            let pieces = families.iter();
            let pieces = pieces.map(|family| RenderedFamily::new(site, (*family).clone()));
            (site, pieces.collect::<Vec<_>>())
        });
        let written: Vec<_> = written.collect();
        let sites = written.iter();
        let sites = sites.map(|(site, pieces)| ((*site).clone(), pieces.iter().collect()));
        Self::new(&sites.collect::<Vec<_>>(), &Self::default())
    }

    /// Whether this format is compressed already.
    pub fn is_compressed(&self, format: Format) -> bool {
        self.written(format).gzip.get().is_some()
    }
}

#[cfg(test)]
pub mod reference_renderer;
#[cfg(test)]
mod tests;
