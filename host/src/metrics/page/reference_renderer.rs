//! Renders a page slowly and without any reuse, to compare the real page with.

use std::collections::{BTreeSet, HashSet};

use super::merge::sample_names;
use crate::metrics::Family;
use crate::metrics::text::{self, Format};
use crate::site::SiteName;

/// All families of all sites.
pub fn render(sites: &[(SiteName, Vec<Family>)], format: Format) -> String {
    let all = || {
        sites
            .iter()
            .flat_map(|(site, of)| of.iter().map(move |family| (site, family)))
    };
    let some = || all().filter(|(_, family)| family.series() > 0);
    let names: BTreeSet<_> = some().map(|(_, family)| &family.name).collect();
    let (mut out, mut taken) = (String::new(), HashSet::new());
    for name in names {
        let of_name: Vec<_> = some().filter(|(_, family)| family.name == *name).collect();
        let first = of_name[0].1;
        let own = sample_names(name, first.kind());
        if own.iter().any(|name| taken.contains(name)) {
            continue;
        }
        taken.extend(own);
        text::head(&mut out, format, name, &first.help, first.kind());
        let mut met = HashSet::new();
        for (site, family) in of_name {
            if family.kind() == first.kind() && family.labels == first.labels {
                let mut family = family.clone();
                family.retain(|labels| met.insert((site, labels.to_vec())));
                text::samples(&mut out, format, &family, Some(site.as_str()));
            }
        }
    }
    out
}
