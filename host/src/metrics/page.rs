//! The page: all sites' families, merged and rendered once, served many times.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;

use super::check::Reason;
use super::family::{Family, Kind};
use super::gzip::Beginning;
use super::text::{self, Format};
use crate::site::SiteName;

/// The exposition of all sites, ready to be sent. Lacks the host's own
/// instruments and OpenMetrics' `# EOF`, which are added at each scrape.
#[derive(Debug)]
pub struct Page {
    text: Rendered,
    openmetrics: Rendered,
    /// How many series each site has on the page.
    pub series: Vec<(SiteName, usize)>,
    /// How many series of a site found no room beside those of another.
    pub dropped: Vec<(SiteName, Reason, usize)>,
}

/// One format of the page.
#[derive(Debug)]
pub struct Rendered {
    /// As it is.
    pub plain: Bytes,
    /// Compressed, with room for more.
    pub gzip: Beginning,
}

impl Page {
    /// Merge the sites' families and write them in both formats. The families
    /// have passed [`check`](super::check::check). Takes milliseconds for each
    /// megabyte: call it off the threads that serve.
    pub fn render(sites: &[(SiteName, Vec<&Family>)]) -> Self {
        let mut merge = Merge::new(sites);
        merge.resolve_collisions();
        let (text, openmetrics) = write(&merge.families);
        Self {
            text: Rendered::new(text),
            openmetrics: Rendered::new(openmetrics),
            series: merge.series(sites),
            dropped: merge.dropped,
        }
    }

    /// The page as it is written in a format.
    pub fn rendered(&self, format: Format) -> &Rendered {
        match format {
            Format::Text => &self.text,
            Format::OpenMetrics => &self.openmetrics,
        }
    }
}

/// No site has been published yet.
impl Default for Page {
    fn default() -> Self {
        Self::render(&[])
    }
}

impl Rendered {
    fn new(plain: String) -> Self {
        let plain = Bytes::from(plain);
        Self {
            gzip: Beginning::new(&plain),
            plain,
        }
    }
}

/// Every family of one name, with whose it is. The first one's help, kind and
/// labels are everybody's.
type Merged<'a> = Vec<(&'a SiteName, Cow<'a, Family>)>;

/// Families by name, and what could not be merged.
struct Merge<'a> {
    families: BTreeMap<&'a str, Merged<'a>>,
    dropped: Vec<(SiteName, Reason, usize)>,
}

impl<'a> Merge<'a> {
    fn new(sites: &'a [(SiteName, Vec<&'a Family>)]) -> Self {
        let mut merge = Self {
            families: BTreeMap::new(),
            dropped: Vec::new(),
        };
        for (site, families) in sites {
            // A family without series has nothing to say, and no say in what
            // others of its name must look like.
            for family in families.iter().filter(|family| family.series() > 0) {
                merge.add(site, family);
            }
        }
        merge
    }

    fn add(&mut self, site: &'a SiteName, family: &'a Family) {
        let merged = self.families.entry(&family.name).or_default();
        let alike = merged.first().is_none_or(|(_, first)| {
            first.kind() == family.kind() && first.labels == family.labels
        });
        if !alike {
            self.dropped
                .push((site.clone(), Reason::Conflict, family.series()));
            return;
        }
        let (family, lost) = unmet(site, family, merged);
        if lost > 0 {
            self.dropped.push((site.clone(), Reason::Duplicate, lost));
        }
        merged.push((site, family));
    }

    /// A histogram's samples are called after it with a suffix, and so are a
    /// counter's in OpenMetrics. Of two families that would share a name like
    /// that, the one that sorts first stays.
    fn resolve_collisions(&mut self) {
        let mut taken = HashSet::new();
        let dropped = &mut self.dropped;
        self.families.retain(|name, merged| {
            let Some((_, first)) = merged.first() else {
                return false;
            };
            let names = sample_names(name, first.kind());
            let free = !names.iter().any(|name| taken.contains(name));
            if free {
                taken.extend(names);
            } else {
                dropped.extend(merged.iter().map(|(site, family)| {
                    ((*site).clone(), Reason::NameCollision, family.series())
                }));
            }
            free
        });
    }

    fn series(&self, sites: &[(SiteName, Vec<&Family>)]) -> Vec<(SiteName, usize)> {
        let mut series = BTreeMap::<&SiteName, usize>::new();
        for (site, family) in self.families.values().flatten() {
            *series.entry(site).or_default() += family.series();
        }
        sites
            .iter()
            .map(|(site, _)| (site.clone(), series.remove(site).unwrap_or(0)))
            .collect()
    }
}

/// The family without the label sets that the site has under this name already
/// (from another collector), and how many series that cost.
fn unmet<'a>(site: &SiteName, family: &'a Family, merged: &Merged<'_>) -> (Cow<'a, Family>, usize) {
    let earlier = merged.iter().filter(|(of, _)| *of == site);
    let met: HashSet<_> = earlier
        .flat_map(|(_, family)| family.label_sets())
        .collect();
    if met.is_empty()
        || !family
            .label_sets()
            .iter()
            .any(|labels| met.contains(labels))
    {
        return (Cow::Borrowed(family), 0);
    }
    let mut rest = family.clone();
    rest.retain(|labels| !met.contains(labels));
    let lost = family.series() - rest.series();
    (Cow::Owned(rest), lost)
}

fn sample_names(name: &str, kind: Kind) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    match kind {
        Kind::Gauge => {}
        Kind::Counter => names.extend(name.strip_suffix("_total").map(str::to_owned)),
        Kind::Histogram => {
            names.extend(["_bucket", "_sum", "_count"].map(|suffix| format!("{name}{suffix}")));
        }
    }
    names
}

/// The page in text and in OpenMetrics.
fn write(families: &BTreeMap<&str, Merged<'_>>) -> (String, String) {
    let (mut text, mut openmetrics) = (String::new(), String::new());
    for (name, merged) in families {
        let Some((_, first)) = merged.first() else {
            continue;
        };
        text::head(&mut text, Format::Text, name, &first.help, first.kind());
        text::head(
            &mut openmetrics,
            Format::OpenMetrics,
            name,
            &first.help,
            first.kind(),
        );
        for (site, family) in merged {
            let begin = text.len();
            text::samples(&mut text, Format::Text, family, Some(site.as_str()));
            if first.kind() == Kind::Histogram {
                text::samples(
                    &mut openmetrics,
                    Format::OpenMetrics,
                    family,
                    Some(site.as_str()),
                );
            } else {
                // Points are written alike in both formats.
                openmetrics.push_str(text.get(begin..).unwrap_or_default());
            }
        }
    }
    (text, openmetrics)
}

#[cfg(test)]
mod tests;
