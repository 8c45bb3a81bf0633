//! A copy of what is known about each site, for the status page.

use std::sync::Arc;

use super::entry::{CollectorStatus, PastCollection, SiteEntry};
use super::store::Cache;
use crate::metrics::RenderedFamily;
use crate::site::SiteName;

/// What is known about one site.
#[derive(Debug)]
pub struct SiteSnapshot {
    /// The `site` label.
    pub name: SiteName,
    /// The API version in use, if known.
    pub api_version: Option<String>,
    /// Every enabled collector, by name.
    pub collectors: Vec<CollectorSnapshot>,
    /// The shown families.
    pub families: Vec<Arc<RenderedFamily>>,
    /// The last collections, the newest last.
    pub recent: Vec<PastCollection>,
}

/// What is known about one collector of a site.
#[derive(Debug)]
pub struct CollectorSnapshot {
    /// Such as `storage`.
    pub name: String,
    /// The result of its last attempt.
    pub status: CollectorStatus,
    /// The number of shown series.
    pub series: usize,
}

impl Cache {
    /// A copy of every site, in the order of the configuration. Families are shared.
    pub fn snapshot(&self) -> Vec<SiteSnapshot> {
        self.each_site(SiteSnapshot::of)
    }
}

impl SiteSnapshot {
    fn of(name: &SiteName, entry: &SiteEntry) -> Self {
        let collectors = entry.collectors.iter();
        let collectors = collectors.map(|(name, entry)| CollectorSnapshot {
            name: name.clone(),
            status: entry.status.clone(),
            series: entry.series(),
        });
        Self {
            name: name.clone(),
            api_version: entry.api_version.clone(),
            collectors: collectors.collect(),
            families: entry.pieces().cloned().collect(),
            recent: entry.recent.iter().copied().collect(),
        }
    }
}
