//! Metrics of the requests to NetBackup.

use std::time::Duration;

use crate::egress::Observer;
use crate::metrics::Instruments;
use crate::site::SiteName;

/// Counts the requests of every site.
pub(super) struct RequestMetrics(pub(super) Instruments);

impl Observer for RequestMetrics {
    fn request(&self, site: &SiteName, _: &str, code: &str, took: Duration) {
        self.0.upstream(site, code, took);
    }

    fn received(&self, site: &SiteName, bytes: u64) {
        self.0.received(site, bytes);
    }

    fn denied(&self, site: &SiteName, rule: &'static str) {
        self.0.denied(site, rule);
    }

    fn headers_removed(&self, site: &SiteName, count: usize) {
        self.0.headers_removed(site, count);
    }
}
