//! Determines when collectors of a site are due. Pure: the time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use super::CollectSettings;

/// Delay of the first retry. Doubles with each further failure.
const FIRST_RETRY: Duration = Duration::from_secs(5);

/// The properties of a collector that matter for its schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScheduledCollector {
    pub(super) name: String,
    /// Whether results are reused until the TTL expires.
    pub(super) cached: bool,
    /// The collector's own interval, instead of the TTL.
    pub(super) interval: Option<Duration>,
}

/// The collectors that are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Collectors to collect from.
    pub(super) collectors: Vec<String>,
    /// Collectors whose last result is within its TTL.
    pub(super) fresh: Vec<String>,
    /// Whether this starts a round, as opposed to a retry.
    pub(super) round: bool,
}

/// The result of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CollectorResult {
    /// Everything was read.
    Succeeded,
    /// Failed; retry before the next round.
    Failed,
    /// The server is busy, and requested this delay.
    Busy(Duration),
    /// The server rejects the credential or lacks the feature. Not retried before the
    /// next round, to avoid locking an account.
    Rejected,
}

#[derive(Clone, Debug, Default)]
struct History {
    /// When it was last due, on the grid of rounds.
    due_at: Option<Instant>,
    /// When it was due the last time it succeeded.
    read_at: Option<Instant>,
    failures: u32,
    retry_at: Option<Instant>,
    /// The server requested that nothing is asked before.
    not_before: Option<Instant>,
}

impl History {
    /// Whether to retry it in a collection at `now`. Retries that are due soon share one,
    /// so that a site that is down is asked, and logged, as a whole.
    fn is_retried(&self, now: Instant) -> bool {
        let is_soon = self.retry_at.is_some_and(|at| at <= now + FIRST_RETRY);
        is_soon && self.not_before.is_none_or(|at| at <= now)
    }
}

/// The schedule of one site.
#[derive(Debug)]
pub(super) struct Schedule {
    settings: CollectSettings,
    /// The start of one round. All rounds start at whole intervals from it.
    grid: Instant,
    round_at: Instant,
    collectors: Vec<(ScheduledCollector, History)>,
}

impl Schedule {
    /// A schedule with everything due at `first`.
    pub(super) fn new(
        settings: CollectSettings,
        collectors: Vec<ScheduledCollector>,
        first: Instant,
    ) -> Self {
        let fresh = |entry| (entry, History::default());
        Self {
            settings,
            grid: first,
            round_at: first,
            collectors: collectors.into_iter().map(fresh).collect(),
        }
    }

    /// Applies new settings and keeps all results.
    pub(super) fn reconfigure(&mut self, settings: CollectSettings, now: Instant) {
        self.settings = settings;
        let next = self.on_grid(now + settings.interval);
        self.round_at = self.round_at.min(next);
    }

    /// Drops all results, so that everything is due at `at`. Later rounds stay on the
    /// grid. Otherwise sites that are reset together would stay synchronized.
    pub(super) fn reset(&mut self, collectors: Vec<ScheduledCollector>, at: Instant) {
        *self = Self {
            grid: self.grid,
            ..Self::new(self.settings, collectors, at)
        };
    }

    /// The time when something is due next.
    pub(super) fn next(&self) -> Instant {
        let retries = self.collectors.iter().filter_map(|(_, h)| h.retry_at);
        retries.fold(self.round_at, Instant::min)
    }

    /// When each collector is due next.
    pub(super) fn due_times(&self) -> Vec<(String, Instant)> {
        let due = |(entry, history): &(ScheduledCollector, History)| {
            let at = match history.retry_at {
                Some(retry) => retry.min(self.round_at),
                None => self.round_after(self.reusable_until(entry, history)),
            };
            (entry.name.clone(), at)
        };
        self.collectors.iter().map(due).collect()
    }

    /// Until when the last result is reused; `None` if it is not.
    fn reusable_until(&self, entry: &ScheduledCollector, history: &History) -> Option<Instant> {
        let read_at = history.read_at.filter(|_| history.failures == 0)?;
        Some(read_at + self.settings.reuse(entry.cached, entry.interval))
    }

    /// The first round that is not before `at`.
    fn round_after(&self, at: Option<Instant>) -> Instant {
        let wait = at.and_then(|at| at.checked_duration_since(self.round_at));
        let wait = wait.unwrap_or_default().as_nanos();
        let interval = self.settings.interval.as_nanos().max(1);
        self.round_at + Duration::from_nanos_u128(wait.div_ceil(interval) * interval)
    }

    /// The collectors that are due at `now`, if any. A round includes all collectors
    /// except cached ones within their TTL; a retry only those that failed. Starting a
    /// round schedules the next.
    pub(super) fn take(&mut self, now: Instant) -> Option<Due> {
        if now < self.next() {
            return None;
        }
        let round = now >= self.round_at;
        // TTLs are measured between scheduled rounds, not actual start times.
        // Otherwise a round that wakes slightly earlier than the last would find a
        // result just within its TTL, and reuse it for another interval.
        let now = if round { self.advance(now) } else { now };
        let reusable = self.collectors.iter();
        let reusable = reusable.map(|(entry, history)| self.reusable_until(entry, history));
        let reusable: Vec<_> = reusable.collect();
        let mut due = Due {
            collectors: Vec::new(),
            fresh: Vec::new(),
            round,
        };
        for ((entry, history), until) in self.collectors.iter_mut().zip(reusable) {
            let within_ttl = until.is_some_and(|until| now < until);
            if round && within_ttl {
                due.fresh.push(entry.name.clone());
            } else if round || history.is_retried(now) {
                history.due_at = Some(now);
                due.collectors.push(entry.name.clone());
            }
        }
        Some(due)
    }

    /// The time on the grid that is nearest to `at`.
    fn on_grid(&self, at: Instant) -> Instant {
        let interval = self.settings.interval;
        let since = at.checked_duration_since(self.grid).unwrap_or_default();
        let over = since.as_nanos().checked_rem(interval.as_nanos());
        let over = Duration::from_nanos_u128(over.unwrap_or(0));
        let before = at - over;
        if over > interval / 2 {
            before + interval
        } else {
            before
        }
    }

    /// Schedules the next round and returns the scheduled time of the current one.
    /// Rounds missed during a long collection are skipped.
    fn advance(&mut self, now: Instant) -> Instant {
        let Some(late) = now.checked_duration_since(self.round_at) else {
            return self.round_at;
        };
        let interval = self.settings.interval;
        let over = late.as_nanos().checked_rem(interval.as_nanos());
        // Not before the scheduled round, since `over` is part of `late`.
        let due = now - Duration::from_nanos_u128(over.unwrap_or(0));
        self.round_at = self.on_grid(due + interval);
        due
    }

    /// Records the result of an attempt. `jitter`, between 0 and 1, spreads the
    /// retries of many sites.
    pub(super) fn record(&mut self, name: &str, ended: CollectorResult, now: Instant, jitter: f64) {
        let interval = self.settings.interval;
        let Some((_, history)) = self.collectors.iter_mut().find(|(e, _)| e.name == name) else {
            return;
        };
        match ended {
            CollectorResult::Succeeded => {
                *history = History {
                    read_at: history.due_at,
                    ..History::default()
                };
            }
            CollectorResult::Failed | CollectorResult::Busy(_) => {
                let request = match ended {
                    CollectorResult::Busy(wait) => wait,
                    _ => Duration::ZERO,
                };
                let wait = backoff(history.failures, jitter).max(request).min(interval);
                history.failures = history.failures.saturating_add(1);
                history.retry_at = Some(now + wait);
                history.not_before = Some(now + request.min(interval));
            }
            CollectorResult::Rejected => {
                history.failures = history.failures.saturating_add(1);
                history.retry_at = None;
                history.not_before = None;
            }
        }
    }
}

/// Exponential backoff with jitter: between half of the delay and the full delay.
fn backoff(failures: u32, jitter: f64) -> Duration {
    let whole = FIRST_RETRY.saturating_mul(1 << failures.min(10));
    whole.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests;
