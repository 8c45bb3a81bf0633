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
    /// One or more failures, by the names in [`REASONS`], and the families that
    /// were read beside them.
    Failed(Vec<&'static str>, Vec<Family>),
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
    /// Each with the moment until which it stays.
    families: Vec<(Family, Instant)>,
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
            status: CollectorStatus::default(),
            failures: REASONS.iter().map(|reason| (*reason, 0)).collect(),
        }
    }
}

impl CollectorEntry {
    /// Success replaces all values; a failure leaves those that it has no newer
    /// ones of until they expire.
    pub(super) fn record(&mut self, attempt: Attempt) {
        self.status.duration = attempt.took;
        let expires = attempt.began.instant + attempt.keep;
        match attempt.verdict {
            Verdict::Read(families) => {
                self.families = families.into_iter().map(|f| (f, expires)).collect();
                self.status.success = Some(true);
                self.status.last_success = Some(attempt.began.unix + attempt.took.as_secs_f64());
            }
            Verdict::Failed(reasons, families) => {
                let newer = |old: &Family| families.iter().any(|new| new.name == old.name);
                self.families.retain(|(old, _)| !newer(old));
                self.families
                    .extend(families.into_iter().map(|f| (f, expires)));
                self.status.success = Some(false);
                for reason in reasons {
                    *self.failures.entry(reason).or_default() += 1;
                }
            }
        }
    }

    /// The values.
    pub(super) fn values(&self) -> impl Iterator<Item = &Family> {
        self.families.iter().map(|(family, _)| family)
    }

    /// When the first of the values expires.
    pub(super) fn expires(&self) -> Option<Instant> {
        self.families.iter().map(|(_, expires)| *expires).min()
    }

    /// Drops the values that have expired at `now`; whether there were any. The
    /// timestamp of the last success stays and ages.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let before = self.families.len();
        self.families.retain(|(_, expires)| *expires > now);
        self.families.len() < before
    }

    /// Drops all values.
    pub(super) fn drop_values(&mut self) {
        self.families = Vec::new();
    }
}
