//! What is known of one site.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{counter_resets, freshness};
use crate::clock::Timestamp;
use crate::guest::{Digest, REASONS};
use crate::metrics::{Family, Piece, Reason};
use crate::site::SiteName;

/// One attempt to read one collector of a site.
#[derive(Debug)]
pub struct Attempt {
    /// The collector.
    pub collector: String,
    /// When the attempt began.
    pub began: Timestamp,
    /// How long the collection took that the attempt was part of.
    pub took: Duration,
    /// How long its values stay when later attempts fail: TTL and grace.
    pub keep: Duration,
    /// The guest that was asked: only its own counters must not fall.
    pub guest: Digest,
    /// How many series the site may have, all its collectors together.
    pub site_series: usize,
    /// What came of it.
    pub result: AttemptResult,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum AttemptResult {
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
    /// How fresh and healthy it is, as it stood on the last page.
    freshness: Vec<Arc<Piece>>,
}

/// One collector of a site.
#[derive(Debug)]
pub(super) struct CollectorEntry {
    shown: Vec<Expiring<Arc<Piece>>>,
    /// What was held back because it fell; each the newest of its family.
    held: Vec<Expiring<Family>>,
    pub(super) status: CollectorStatus,
    /// By reason; every reason from the start.
    pub(super) failures: BTreeMap<&'static str, u64>,
}

/// A family, written down or not, that counts for a time.
#[derive(Debug)]
struct Expiring<T> {
    of: T,
    /// Until when.
    expires: Instant,
    /// Who reported it.
    guest: Digest,
}

/// Series that did not come onto the page, and why.
pub(super) type Dropped = Vec<(Reason, usize)>;

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
            shown: Vec::new(),
            held: Vec::new(),
            status: CollectorStatus::default(),
            failures: REASONS.iter().map(|reason| (*reason, 0)).collect(),
        }
    }
}

impl SiteEntry {
    /// Takes an attempt of one of the site's collectors. One that is not
    /// collected any more is not brought back.
    pub(super) fn record(&mut self, site: &SiteName, attempt: Attempt) -> Dropped {
        let others = self.collectors.iter();
        let others = others.filter(|(name, _)| **name != attempt.collector);
        let series: usize = others.map(|(_, entry)| entry.series()).sum();
        let room = attempt.site_series.saturating_sub(series);
        match self.collectors.get_mut(&attempt.collector) {
            Some(entry) => entry.record(site, attempt, room),
            None => Vec::new(),
        }
    }

    /// Says anew how fresh and healthy it is; only what has changed is written.
    pub(super) fn refresh(&mut self, site: &SiteName) {
        let before = std::mem::take(&mut self.freshness);
        let families = freshness::families(self).into_iter();
        self.freshness = families
            .map(|family| written(site, family, before.iter()))
            .collect();
    }

    /// All that is said of it, in the order of the page.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Arc<Piece>> {
        let values = self.collectors.values().flat_map(CollectorEntry::pieces);
        self.freshness.iter().chain(values)
    }
}

impl CollectorEntry {
    /// Success replaces all values; a failure leaves those that it has no newer
    /// ones of until they expire. `room` is for how many series.
    fn record(&mut self, site: &SiteName, attempt: Attempt, room: usize) -> Dropped {
        self.status.duration = attempt.took;
        let expires = attempt.began.instant + attempt.keep;
        let guest = attempt.guest;
        let mut families = match attempt.result {
            AttemptResult::Read(families) => {
                self.status.success = Some(true);
                self.status.last_success = Some(attempt.began.unix + attempt.took.as_secs_f64());
                families
            }
            AttemptResult::Failed(reasons, families) => {
                self.status.success = Some(false);
                for reason in reasons {
                    *self.failures.entry(reason).or_default() += 1;
                }
                families
            }
        };
        let held = counter_resets::hold_back(&mut families, self.own(guest));
        let all = self.status.success == Some(true);
        let replaced = |old: &Family| all || families.iter().any(|new| new.name == old.name);
        let before = self.shown.extract_if(.., |old| replaced(old.of.family()));
        let before: Vec<_> = before.map(|old| old.of).collect();
        self.held.retain(|old| !replaced(&old.of));
        let fell = held.iter().map(Family::series).sum();
        self.held
            .extend(held.into_iter().map(|of| Expiring { of, expires, guest }));
        let show = |family| Expiring {
            of: written(site, family, before.iter()),
            expires,
            guest,
        };
        let lost = self.show(families, room, show);
        let dropped = [(Reason::Fell, fell), (Reason::SiteSeries, lost)];
        dropped
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// What a guest has said last, shown or held back.
    fn own(&self, guest: Digest) -> impl Iterator<Item = &Family> + Clone {
        let shown = self.shown.iter().filter(move |value| value.guest == guest);
        let held = self.held.iter().filter(move |value| value.guest == guest);
        let shown = shown.map(|value| value.of.family());
        shown.chain(held.map(|value| &value.of))
    }

    /// Shows what there is room for; says how many series there was none for. A
    /// family is shown whole or not at all.
    fn show(
        &mut self,
        families: Vec<Family>,
        room: usize,
        show: impl Fn(Family) -> Expiring<Arc<Piece>>,
    ) -> usize {
        let mut room = room.saturating_sub(self.series());
        let mut lost = 0;
        for family in families {
            let series = family.series();
            if series <= room {
                room -= series;
                self.shown.push(show(family));
            } else {
                lost += series;
            }
        }
        lost
    }

    /// How many series its values are.
    fn series(&self) -> usize {
        self.values().map(Family::series).sum()
    }

    /// The values.
    pub(super) fn values(&self) -> impl Iterator<Item = &Family> {
        self.pieces().map(|piece| piece.family())
    }

    /// The values as they are written down.
    fn pieces(&self) -> impl Iterator<Item = &Arc<Piece>> {
        self.shown.iter().map(|value| &value.of)
    }

    /// When the first of the values expires.
    pub(super) fn expires(&self) -> Option<Instant> {
        self.shown.iter().map(|value| value.expires).min()
    }

    /// Drops the values that have expired at `now`; whether there were any. The
    /// timestamp of the last success stays and ages.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let before = self.shown.len();
        self.shown.retain(|value| value.expires > now);
        self.held.retain(|value| value.expires > now);
        self.shown.len() < before
    }

    /// Drops all values.
    pub(super) fn drop_values(&mut self) {
        self.shown = Vec::new();
        self.held = Vec::new();
    }
}

/// The family written down: as it was before, when it was the same, for to compare
/// costs a fraction of writing.
fn written<'b>(
    site: &SiteName,
    family: Family,
    mut before: impl Iterator<Item = &'b Arc<Piece>>,
) -> Arc<Piece> {
    match before.find(|piece| *piece.family() == family) {
        Some(piece) => Arc::clone(piece),
        None => Arc::new(Piece::new(site, family)),
    }
}

#[cfg(test)]
mod tests;
