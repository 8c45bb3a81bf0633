//! What is known of one site.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::guest::REASONS;
use crate::metrics::Family;
use crate::moment::Moment;

/// One attempt to read one collector of a site.
#[derive(Debug)]
pub struct Attempt {
    /// The collector.
    pub collector: String,
    /// When the attempt began.
    pub began: Moment,
    /// How long the collection took that the attempt was part of.
    pub took: Duration,
    /// How long its values stay when later attempts fail: TTL and grace.
    pub keep: Duration,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum Verdict {
    /// Everything was read.
    Read(Vec<Family>),
    /// One or more failures, by the names in [`REASONS`].
    Failed(Vec<&'static str>),
}

/// One site: its collectors, and whether its last round read anything.
#[derive(Debug, Default)]
pub(super) struct SiteEntry {
    /// None before the first attempt.
    pub(super) up: Option<bool>,
    pub(super) api_version: Option<String>,
    pub(super) collectors: BTreeMap<String, CollectorEntry>,
}

/// One collector of a site.
#[derive(Debug)]
pub(super) struct CollectorEntry {
    pub(super) families: Vec<Family>,
    pub(super) expires: Option<Instant>,
    pub(super) status: CollectorStatus,
    /// By reason; every reason from the start.
    pub(super) failures: BTreeMap<&'static str, u64>,
}

/// How a collector fares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CollectorStatus {
    /// Whether the last attempt read everything; none before it.
    pub success: Option<bool>,
    /// When it last did, in Unix seconds.
    pub last_success: Option<f64>,
    /// Of the last attempt.
    pub duration: Duration,
}

impl Default for CollectorEntry {
    fn default() -> Self {
        Self {
            families: Vec::new(),
            expires: None,
            status: CollectorStatus::default(),
            failures: REASONS.iter().map(|reason| (*reason, 0)).collect(),
        }
    }
}

impl CollectorEntry {
    /// Success replaces the values; a failure leaves them until they expire.
    pub(super) fn record(&mut self, attempt: Attempt) {
        self.status.duration = attempt.took;
        match attempt.verdict {
            Verdict::Read(families) => {
                self.families = families;
                self.expires = Some(attempt.began.instant + attempt.keep);
                self.status.success = Some(true);
                self.status.last_success = Some(attempt.began.unix + attempt.took.as_secs_f64());
            }
            Verdict::Failed(reasons) => {
                self.status.success = Some(false);
                for reason in reasons {
                    *self.failures.entry(reason).or_default() += 1;
                }
            }
        }
    }

    /// Drops the values; the timestamp of the last success stays and ages.
    pub(super) fn drop_values(&mut self) {
        self.families = Vec::new();
        self.expires = None;
    }
}
