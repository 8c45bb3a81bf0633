//! Records events of one site.

use std::collections::HashSet;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::table::Table;
use super::{FAILURE, Instruments, SUCCESS, gauge};
use crate::metrics::Reason;
use crate::site::SiteName;

impl Instruments {
    /// Shows the site's counters as 0 before the first event.
    pub fn expect_site(&self, site: &SiteName) {
        self.sites().insert(site.clone());
        let table = self.change();
        for result in [SUCCESS, FAILURE] {
            table
                .collections
                .with_label_values(&[site.as_str(), result]);
        }
        table
            .collection_duration
            .with_label_values(&[site.as_str()]);
        table.upstream_duration.with_label_values(&[site.as_str()]);
        table.upstream_received.with_label_values(&[site.as_str()]);
        table.series.with_label_values(&[site.as_str()]);
        for reason in Reason::ALL {
            table
                .series_dropped
                .with_label_values(&[site.as_str(), reason.as_str()]);
        }
    }

    /// Shows as 0 the counters of a site's guest: removed headers, and denied requests
    /// and faults by reason.
    pub fn expect_guest(
        &self,
        site: &SiteName,
        denied: impl IntoIterator<Item = &'static str>,
        faults: impl IntoIterator<Item = &'static str>,
    ) {
        self.sites().insert(site.clone());
        let table = self.change();
        table
            .egress_headers_removed
            .with_label_values(&[site.as_str()]);
        for reason in denied {
            table
                .egress_denied
                .with_label_values(&[site.as_str(), reason]);
        }
        for reason in faults {
            table
                .guest_faults
                .with_label_values(&[site.as_str(), reason]);
        }
    }

    /// Removes every series of a site that is no longer configured.
    pub fn forget_site(&self, site: &SiteName) {
        let mut sites = self.sites();
        sites.remove(site);
        self.change().forget(site);
    }

    /// A collection ended; `ok` if the guest returned a report.
    pub fn collection(&self, site: &SiteName, ok: bool, took: Duration) {
        let result = if ok { SUCCESS } else { FAILURE };
        self.while_expected(site, |table| {
            table
                .collections
                .with_label_values(&[site.as_str(), result])
                .inc();
            table
                .collection_duration
                .with_label_values(&[site.as_str()])
                .observe(took.as_secs_f64());
        });
    }

    /// The guest exceeded a limit or failed, such as `trap` or `deadline`.
    pub fn fault(&self, site: &SiteName, reason: &'static str) {
        self.while_expected(site, |table| {
            table
                .guest_faults
                .with_label_values(&[site.as_str(), reason])
                .inc();
        });
    }

    /// The peak memory of the guest in the latest collection.
    pub fn peak_memory(&self, site: &SiteName, bytes: u64) {
        self.while_expected(site, |table| {
            table
                .guest_peak_memory
                .with_label_values(&[site.as_str()])
                .set(gauge(bytes));
        });
    }

    /// A request to NetBackup ended with an HTTP status such as `200`, or with a
    /// failure such as `timeout`.
    pub fn upstream(&self, site: &SiteName, code: &str, took: Duration) {
        self.while_expected(site, |table| {
            table
                .upstream_requests
                .with_label_values(&[site.as_str(), code])
                .inc();
            table
                .upstream_duration
                .with_label_values(&[site.as_str()])
                .observe(took.as_secs_f64());
        });
    }

    /// A part of a response body was received.
    pub fn received(&self, site: &SiteName, bytes: u64) {
        self.while_expected(site, |table| {
            table
                .upstream_received
                .with_label_values(&[site.as_str()])
                .inc_by(bytes);
        });
    }

    /// A request of the guest was denied.
    pub fn denied(&self, site: &SiteName, reason: &'static str) {
        self.while_expected(site, |table| {
            table
                .egress_denied
                .with_label_values(&[site.as_str(), reason])
                .inc();
        });
    }

    /// Headers of a guest's request were removed.
    pub fn headers_removed(&self, site: &SiteName, count: usize) {
        self.while_expected(site, |table| {
            table
                .egress_headers_removed
                .with_label_values(&[site.as_str()])
                .inc_by(count as u64);
        });
    }

    /// A request, collection or write may outlive its site, and must not create the
    /// site's series again.
    fn while_expected(&self, site: &SiteName, record: impl FnOnce(&Table)) {
        let sites = self.sites();
        if sites.contains(site) {
            record(&self.change());
        }
    }

    /// Locked while a value is recorded, so that no site is removed meanwhile.
    fn sites(&self) -> MutexGuard<'_, HashSet<SiteName>> {
        self.0.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the site's server is not verified.
    pub fn tls_insecure(&self, site: &SiteName, insecure: bool) {
        self.while_expected(site, |table| {
            table
                .tls_insecure
                .with_label_values(&[site.as_str()])
                .set(i64::from(insecure));
        });
    }

    /// Number of series of the site on the page.
    pub fn series(&self, site: &SiteName, count: usize) {
        self.while_expected(site, |table| {
            table
                .series
                .with_label_values(&[site.as_str()])
                .set(gauge(count as u64));
        });
    }

    /// Series that were dropped.
    pub fn dropped(&self, site: &SiteName, reason: &'static str, count: usize) {
        self.while_expected(site, |table| {
            table
                .series_dropped
                .with_label_values(&[site.as_str(), reason])
                .inc_by(count as u64);
        });
    }

    /// Shows the counter of failed state writes as 0.
    pub fn expect_state(&self, site: &SiteName) {
        self.while_expected(site, |table| {
            table
                .state_write_failures
                .with_label_values(&[site.as_str()]);
        });
    }

    /// The site's saved state could not be stored.
    pub fn state_write_failed(&self, site: &SiteName) {
        self.while_expected(site, |table| {
            table
                .state_write_failures
                .with_label_values(&[site.as_str()])
                .inc();
        });
    }

    /// A collector's previous result was reused.
    pub fn cache_hit(&self, site: &SiteName, collector: &str) {
        self.lookup(site, collector, "hit");
    }

    /// A collector had to run.
    pub fn cache_miss(&self, site: &SiteName, collector: &str) {
        self.lookup(site, collector, "miss");
    }

    fn lookup(&self, site: &SiteName, collector: &str, result: &str) {
        self.while_expected(site, |table| {
            table
                .cache_lookups
                .with_label_values(&[site.as_str(), collector, result])
                .inc();
        });
    }
}
