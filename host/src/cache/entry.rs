//! The cached data of one site.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::counter_resets;
use crate::clock::Timestamp;
use crate::guest::{Digest, OTHER, REASONS};
use crate::metrics::{Family, FamilyHeaders, Reason, RenderedFamily, SiteLimits};
use crate::site::SiteName;

/// One attempt to collect from one collector of a site.
#[derive(Debug)]
pub struct Attempt {
    /// The collector.
    pub collector: String,
    /// When the collection started.
    pub began: Timestamp,
    /// The duration of the attempt.
    pub took: Duration,
    /// Paths of endpoints that the server does not have.
    pub unsupported: Vec<String>,
    /// The number of rows that could not be read.
    pub skipped_rows: u32,
    /// The number of requests; `None` if the guest did not count them.
    pub requests: Option<u32>,
    /// One line for each failure.
    pub failures: Vec<String>,
    /// What to do if connections fail.
    pub hint: Option<&'static str>,
    /// The shortest time between two attempts, when all goes well.
    pub interval: Duration,
    /// How long its values are kept if later attempts fail: TTL and grace period.
    pub keep: Duration,
    /// The guest that collected. Counter resets are detected per guest.
    pub guest: Digest,
    /// Limits of the site, all collectors together.
    pub site: SiteLimits,
    /// The result.
    pub result: AttemptResult,
}

/// The result of an attempt.
#[derive(Debug)]
pub enum AttemptResult {
    /// Everything was read.
    Read(Vec<Family>),
    /// The reasons of failures, as in [`REASONS`] or the guest's own, and the families that
    /// were read anyway.
    Failed(Vec<Cow<'static, str>>, Vec<Family>),
}

/// One site.
#[derive(Debug, Default)]
pub(super) struct SiteEntry {
    /// Whether the last round read anything; `None` before the first attempt.
    pub(super) up: Option<bool>,
    pub(super) api_version: Option<String>,
    pub(super) collectors: BTreeMap<String, CollectorEntry>,
    /// The rendered families about freshness and health, as on the last page.
    freshness: Vec<Arc<RenderedFamily>>,
    /// The last collections, the newest last.
    pub(super) recent: VecDeque<PastCollection>,
}

/// A collection that ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PastCollection {
    /// How long its slowest collector took.
    pub took: Duration,
    /// Whether every collector of it succeeded.
    pub complete: bool,
}

/// The number of past collections that are kept for each site.
const RECENT: usize = 60;

/// One collector of a site.
#[derive(Debug)]
pub(super) struct CollectorEntry {
    shown: Vec<Expiring<Arc<RenderedFamily>>>,
    /// Families that were held back because of a decrease; the newest of each name.
    held: Vec<Expiring<RenderedFamily>>,
    pub(super) status: CollectorStatus,
    /// By reason. Contains every reason of the host from the start.
    pub(super) failures: BTreeMap<Cow<'static, str>, u64>,
    /// The sum of all attempts.
    pub(super) skipped_rows: u64,
}

/// A family with an expiry time.
#[derive(Debug)]
struct Expiring<T> {
    of: T,
    expires: Instant,
    /// The guest that reported it.
    guest: Digest,
}

/// The number of reasons that guests may add for a collector. Each is a series for ever.
const OWN_REASONS: usize = 5;

/// What is left of the limits beside these families.
fn room<'f>(
    limits: SiteLimits,
    pieces: impl Iterator<Item = &'f Arc<RenderedFamily>>,
) -> SiteLimits {
    pieces.fold(limits, |left, piece| SiteLimits {
        series: left.series.saturating_sub(piece.series()),
        bytes: left.bytes.saturating_sub(piece.bytes()),
    })
}

/// Series that were dropped, and why.
pub(super) type Dropped = Vec<(Reason, usize)>;

/// The status of a collector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CollectorStatus {
    /// Whether the last attempt succeeded; `None` before the first.
    pub success: Option<bool>,
    /// Time of the last success in Unix seconds.
    pub last_success: Option<f64>,
    /// When the last attempt ended, in Unix seconds.
    pub last_attempt: Option<f64>,
    /// The number of requests of the last attempt, if known.
    pub requests: Option<u32>,
    /// The failures of the last attempt, one line each.
    pub failures: Vec<String>,
    /// What to do if connections fail.
    pub hint: Option<&'static str>,
    /// The reasons of these failures, as in [`REASONS`] or the guest's own.
    pub reasons: Vec<Cow<'static, str>>,
    /// The duration of the last attempt.
    pub duration: Duration,
    /// Paths of endpoints that the server does not have.
    pub unsupported: Vec<String>,
    /// The shortest time between two attempts, when all goes well.
    pub interval: Duration,
}

impl Default for CollectorEntry {
    fn default() -> Self {
        Self {
            shown: Vec::new(),
            held: Vec::new(),
            status: CollectorStatus::default(),
            failures: REASONS.iter().map(|&reason| (reason.into(), 0)).collect(),
            skipped_rows: 0,
        }
    }
}

impl SiteEntry {
    /// Records the duration of a collection. Collectors run concurrently.
    pub(super) fn record_collection(&mut self, attempts: &[Attempt]) {
        let Some(took) = attempts.iter().map(|it| it.took).max() else {
            return;
        };
        let complete = |it: &Attempt| matches!(it.result, AttemptResult::Read(_));
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(PastCollection {
            took,
            complete: attempts.iter().all(complete),
        });
    }

    /// The status of a collector; the default if it is unknown.
    pub(super) fn status(&self, collector: &str) -> CollectorStatus {
        let entry = self.collectors.get(collector);
        entry.map_or_else(CollectorStatus::default, |entry| entry.status.clone())
    }

    /// Records an attempt. Ignores collectors that are no longer enabled.
    pub(super) fn record(&mut self, renderer: SiteRenderer<'_>, attempt: Attempt) -> Dropped {
        let others = self.collectors.iter();
        let others = others.filter(|(name, _)| **name != attempt.collector);
        let pieces = others.flat_map(|(_, entry)| entry.pieces());
        let room = room(attempt.site, pieces);
        match self.collectors.get_mut(&attempt.collector) {
            Some(entry) => entry.record(renderer, attempt, room),
            None => Vec::new(),
        }
    }

    /// Renders the families about freshness and health that changed.
    pub(super) fn refresh(&mut self, renderer: SiteRenderer<'_>, families: Vec<Family>) {
        let before = std::mem::take(&mut self.freshness);
        self.freshness = families
            .into_iter()
            .map(|family| renderer.render_or_reuse(family, &before))
            .collect();
    }

    /// All rendered families, in the order of the page.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Arc<RenderedFamily>> {
        let values = self.collectors.values().flat_map(CollectorEntry::pieces);
        self.freshness.iter().chain(values)
    }
}

impl CollectorEntry {
    /// Replaces all values after a success. After a failure, keeps values without a
    /// newer one until they expire. `room` is what fits.
    fn record(
        &mut self,
        renderer: SiteRenderer<'_>,
        attempt: Attempt,
        room: SiteLimits,
    ) -> Dropped {
        self.status.duration = attempt.took;
        self.status.unsupported = attempt.unsupported;
        self.status.interval = attempt.interval;
        self.status.requests = attempt.requests;
        self.status.failures = attempt.failures;
        self.status.hint = attempt.hint;
        self.status.reasons.clear();
        let ended = attempt.began.unix + attempt.took.as_secs_f64();
        self.status.last_attempt = Some(ended);
        self.skipped_rows += u64::from(attempt.skipped_rows);
        let expires = attempt.began.instant + attempt.keep;
        let guest = attempt.guest;
        let mut families = match attempt.result {
            AttemptResult::Read(families) => {
                self.status.success = Some(true);
                self.status.last_success = Some(ended);
                families
            }
            AttemptResult::Failed(reasons, families) => {
                self.status.success = Some(false);
                for reason in reasons {
                    let reason = self.known_reason(reason);
                    self.status.reasons.push(reason.clone());
                    *self.failures.entry(reason).or_default() += 1;
                }
                families
            }
        };
        let held = counter_resets::hold_back(renderer.site, &mut families, self.own(guest));
        let all = self.status.success == Some(true);
        let replaced = |old: &RenderedFamily| {
            let mut new = families.iter();
            all || new.any(|new| new.name == old.header().name)
        };
        let before = self.shown.extract_if(.., |old| replaced(&old.of));
        let before: Vec<_> = before.map(|old| old.of).collect();
        self.held.retain(|old| !replaced(&old.of));
        let decreased = held.iter().map(Family::series).sum();
        // Rendered only if it would have fitted, because label names repeat on every line.
        let held = held.into_iter().filter(|it| it.text_bytes() <= room.bytes);
        self.held.extend(held.map(|family| Expiring {
            of: renderer.render(family),
            expires,
            guest,
        }));
        let show = |family| Expiring {
            of: renderer.render_or_reuse(family, &before),
            expires,
            guest,
        };
        let [series, size] = self.show(families, room, show);
        let dropped = [
            (Reason::Fell, decreased),
            (Reason::SiteSeries, series),
            (Reason::SiteSize, size),
        ];
        dropped
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// The reason, unless it would be one of too many that guests invented.
    fn known_reason(&self, reason: Cow<'static, str>) -> Cow<'static, str> {
        let full = self.failures.len() >= REASONS.len() + OWN_REASONS;
        if full && !self.failures.contains_key(&reason) {
            OTHER.into()
        } else {
            reason
        }
    }

    /// The last families of a guest, shown or held back.
    fn own(&self, guest: Digest) -> impl Iterator<Item = &RenderedFamily> + Clone {
        let shown = self.shown.iter().filter(move |value| value.guest == guest);
        let held = self.held.iter().filter(move |value| value.guest == guest);
        let shown = shown.map(|value| &*value.of);
        shown.chain(held.map(|value| &value.of))
    }

    /// Shows the families that fit, each as a whole. Returns the number of series that
    /// did not fit by their number, and by their text.
    fn show(
        &mut self,
        families: Vec<Family>,
        limits: SiteLimits,
        show: impl Fn(Family) -> Expiring<Arc<RenderedFamily>>,
    ) -> [usize; 2] {
        let mut left = room(limits, self.pieces());
        let mut lost = [0; 2];
        for family in families {
            let (series, bytes) = (family.series(), family.text_bytes());
            if series > left.series {
                lost[0] += series;
            } else if bytes > left.bytes {
                lost[1] += series;
            } else {
                left.series -= series;
                left.bytes -= bytes;
                self.shown.push(show(family));
            }
        }
        lost
    }

    /// The number of shown series.
    pub(super) fn series(&self) -> usize {
        self.pieces().map(|piece| piece.series()).sum()
    }

    /// The shown families.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Arc<RenderedFamily>> {
        self.shown.iter().map(|value| &value.of)
    }

    /// The shown families, each with the guest that reported it.
    pub(super) fn reported(&self) -> impl Iterator<Item = (Digest, &Arc<RenderedFamily>)> {
        self.shown.iter().map(|value| (value.guest, &value.of))
    }

    /// When the first value expires.
    pub(super) fn expires(&self) -> Option<Instant> {
        self.shown.iter().map(|value| value.expires).min()
    }

    /// Drops values that expired at `now`, and returns whether there were any. The
    /// timestamp of the last success is kept.
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

/// Renders the families of one site.
#[derive(Clone, Copy)]
pub(super) struct SiteRenderer<'a> {
    pub(super) site: &'a SiteName,
    /// Shared by all sites.
    pub(super) headers: &'a FamilyHeaders,
}

impl SiteRenderer<'_> {
    fn render(self, family: Family) -> RenderedFamily {
        RenderedFamily::sharing(self.headers, self.site, family)
    }

    /// Keeps the previous rendering if it is equal, since pages share it.
    fn render_or_reuse(
        self,
        family: Family,
        before: &[Arc<RenderedFamily>],
    ) -> Arc<RenderedFamily> {
        let rendered = self.render(family);
        let known = before.iter().find(|piece| ***piece == rendered);
        known.map_or_else(|| Arc::new(rendered), Arc::clone)
    }
}

#[cfg(test)]
mod tests;
