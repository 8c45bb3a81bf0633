//! Selects the families of all sites that fit on one page.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use crate::metrics::check::Reason;
use crate::metrics::family::Kind;
use crate::metrics::rendered_family::RenderedFamily;
use crate::site::SiteName;

/// By name.
pub(super) type Families<'a> = BTreeMap<&'a str, Merged<'a>>;

/// Every family of one name with its site. The first one defines help, kind and
/// labels.
type Merged<'a> = Vec<(&'a SiteName, Cow<'a, RenderedFamily>)>;

/// The families of all sites, and the series that were dropped.
pub(super) struct Merge<'a> {
    pub(super) families: Families<'a>,
    pub(super) dropped: Vec<(SiteName, Reason, usize)>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(sites: &'a [(SiteName, Vec<&'a RenderedFamily>)]) -> Self {
        let mut merge = Self {
            families: BTreeMap::new(),
            dropped: Vec::new(),
        };
        for (site, pieces) in sites {
            // A family without series must not define the kind and labels of others.
            for rendered_family in pieces
                .iter()
                .filter(|rendered_family| rendered_family.series() > 0)
            {
                merge.add(site, rendered_family);
            }
        }
        merge.resolve_collisions();
        merge
    }

    fn add(&mut self, site: &'a SiteName, rendered_family: &'a RenderedFamily) {
        let header = rendered_family.header();
        let merged = self.families.entry(&header.name).or_default();
        let alike = merged.first().is_none_or(|(_, first)| {
            let first = first.header();
            first.kind == header.kind && first.labels == header.labels
        });
        if !alike {
            let series = rendered_family.series();
            self.dropped.push((site.clone(), Reason::Conflict, series));
            return;
        }
        let (rendered_family, lost) = without_duplicates(site, rendered_family, merged);
        if lost > 0 {
            self.dropped.push((site.clone(), Reason::Duplicate, lost));
        }
        merged.push((site, rendered_family));
    }

    /// The samples of histograms have suffixes, and so do those of counters in
    /// OpenMetrics. Of two families with the same sample name, the one that sorts
    /// first stays.
    fn resolve_collisions(&mut self) {
        let mut taken = HashSet::new();
        let dropped = &mut self.dropped;
        self.families.retain(|name, merged| {
            let Some((_, first)) = merged.first() else {
                return false;
            };
            let names = sample_names(name, first.header().kind);
            let free = !names.iter().any(|name| taken.contains(name));
            if free {
                taken.extend(names);
            } else {
                dropped.extend(merged.iter().map(|(site, rendered_family)| {
                    let series = rendered_family.series();
                    ((*site).clone(), Reason::NameCollision, series)
                }));
            }
            free
        });
    }

    /// Number of series of each site, in the order of the sites.
    pub(super) fn series(
        &self,
        sites: &[(SiteName, Vec<&RenderedFamily>)],
    ) -> Vec<(SiteName, usize)> {
        let mut series = BTreeMap::<&SiteName, usize>::new();
        for (site, rendered_family) in self.families.values().flatten() {
            *series.entry(site).or_default() += rendered_family.series();
        }
        sites
            .iter()
            .map(|(site, _)| (site.clone(), series.remove(site).unwrap_or(0)))
            .collect()
    }
}

/// The family without the label sets that another collector of the site reported, and
/// the number of dropped series. Only a family that loses series is rendered again
/// for each page; the built-in guest never causes that.
fn without_duplicates<'a>(
    site: &SiteName,
    rendered_family: &'a RenderedFamily,
    merged: &Merged<'_>,
) -> (Cow<'a, RenderedFamily>, usize) {
    // Sites are added one after the other, so the site's own families are last.
    let earlier = merged.iter().rev().take_while(|(of, _)| *of == site);
    let met: HashSet<_> = earlier.flat_map(|(_, it)| it.label_sets()).collect();
    let mut is_met = rendered_family.label_sets().map(|it| met.contains(&it));
    if met.is_empty() || !is_met.any(|it| it) {
        return (Cow::Borrowed(rendered_family), 0);
    }
    let mut sets = rendered_family.label_sets();
    let mut rest = rendered_family.read();
    rest.retain(|_| sets.next().is_some_and(|it| !met.contains(&it)));
    let lost = rendered_family.series() - rest.series();
    (Cow::Owned(RenderedFamily::new(site, rest)), lost)
}

pub(super) fn sample_names(name: &str, kind: Kind) -> Vec<String> {
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
