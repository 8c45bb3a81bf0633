//! Determines when collectors of a site are due. Pure: the time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use super::Settings;

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
}

/// The schedule of one site.
#[derive(Debug)]
pub(super) struct Schedule {
    settings: Settings,
    /// The start of one round. All rounds start at whole intervals from it.
    grid: Instant,
    round_at: Instant,
    collectors: Vec<(ScheduledCollector, History)>,
}

impl Schedule {
    /// A schedule with everything due at `first`.
    pub(super) fn new(
        settings: Settings,
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
    pub(super) fn reconfigure(&mut self, settings: Settings, now: Instant) {
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
        let settings = self.settings;
        let mut due = Due {
            collectors: Vec::new(),
            fresh: Vec::new(),
            round,
        };
        for (entry, history) in &mut self.collectors {
            let reuse = settings.reuse(entry.cached, entry.interval);
            let within_ttl =
                history.read_at.is_some_and(|at| now < at + reuse) && history.failures == 0;
            if round && within_ttl {
                due.fresh.push(entry.name.clone());
            } else if round || history.retry_at.is_some_and(|at| at <= now) {
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
            }
            CollectorResult::Rejected => {
                history.failures = history.failures.saturating_add(1);
                history.retry_at = None;
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
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn settings() -> Settings {
        Settings {
            interval: MINUTE,
            cache_ttl: 5 * MINUTE,
            ..Settings::default()
        }
    }

    fn schedule(now: Instant) -> Schedule {
        let entry = |name: &str, cached| ScheduledCollector {
            name: name.to_owned(),
            cached,
            interval: None,
        };
        Schedule::new(
            settings(),
            vec![entry("storage", true), entry("jobs", false)],
            now,
        )
    }

    fn well(schedule: &mut Schedule, names: &[String], at: Instant) {
        for name in names {
            schedule.record(name, CollectorResult::Succeeded, at + MINUTE / 10, 1.0);
        }
    }

    #[test]
    fn a_cached_collector_is_due_again_after_its_ttl() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        let mut request = Vec::new();
        for minute in 0..=10 {
            let now = start + minute * MINUTE;
            let due = schedule.take(now).unwrap();
            if due.collectors.contains(&"storage".to_owned()) {
                request.push(minute);
            } else {
                assert_eq!(due.fresh, ["storage"]);
            }
            assert!(due.collectors.contains(&"jobs".to_owned()));
            well(&mut schedule, &due.collectors, now);
        }
        assert_eq!(request, [0, 5, 10]);
    }

    #[test]
    fn a_round_that_starts_early_still_ends_the_ttl() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        let late = |minute: u32, millis| start + minute * MINUTE + Duration::from_millis(millis);
        for (minute, millis, storage) in [(0, 9, true), (1, 2, false), (5, 1, true)] {
            let due = schedule.take(late(minute, millis)).unwrap();
            assert_eq!(
                due.collectors.contains(&"storage".to_owned()),
                storage,
                "{minute}"
            );
            well(&mut schedule, &due.collectors, late(minute, millis));
        }
    }

    #[test]
    fn failures_are_retried_with_backoff_up_to_the_interval() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        let due = schedule.take(start).unwrap();
        assert!(due.round);
        well(&mut schedule, &["storage".to_owned()], start);
        let mut now = start;
        let mut waits = Vec::new();
        for _ in 0..4 {
            schedule.record("jobs", CollectorResult::Failed, now, 1.0);
            let next = schedule.next();
            waits.push((next - now).as_secs());
            now = next;
            if let Some(due) = schedule.take(now) {
                assert_eq!(due.collectors, ["jobs"]);
            }
        }
        assert_eq!(waits, [5, 10, 20, 25], "the last one waits for the round");
    }

    #[test]
    fn a_refused_key_waits_for_the_next_round() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        schedule.take(start).unwrap();
        schedule.record("jobs", CollectorResult::Rejected, start, 1.0);
        assert_eq!(schedule.next(), start + MINUTE);
        assert_eq!(schedule.take(start + MINUTE / 2), None);
    }

    #[test]
    fn a_busy_server_is_retried_after_the_requested_delay() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        schedule.take(start).unwrap();
        let busy = CollectorResult::Busy(MINUTE / 2);
        schedule.record("jobs", busy, start, 0.0);
        assert_eq!(schedule.next(), start + MINUTE / 2);
    }

    #[test]
    fn tiny_intervals_are_skipped_in_constant_time() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        let moment = Duration::from_nanos(1);
        schedule.reconfigure(
            Settings {
                interval: moment,
                ..settings()
            },
            start,
        );
        let later = start + 1_000_000 * MINUTE;
        assert!(schedule.take(later).unwrap().round);
        assert_eq!(schedule.next(), later + moment);
    }

    #[test]
    fn missed_rounds_are_skipped() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        schedule.take(start).unwrap();
        let late = start + MINUTE * 7 / 2;
        assert!(schedule.take(late).unwrap().round);
        assert_eq!(schedule.next(), start + 4 * MINUTE);
    }

    #[test]
    fn a_reset_is_due_at_once_and_keeps_the_grid() {
        for (seconds, next) in [(1, 60), (29, 60), (31, 120), (59, 120)] {
            let start = Instant::now();
            let mut schedule = schedule(start);
            schedule.take(start).unwrap();
            let at = start + Duration::from_secs(seconds);
            schedule.reset(Vec::new(), at);
            assert!(schedule.take(at).unwrap().round);
            assert_eq!(
                schedule.next(),
                start + Duration::from_secs(next),
                "{seconds}"
            );
        }
    }

    #[test]
    fn sites_keep_their_offset_when_the_interval_changes() {
        let start = Instant::now();
        let second = start + Duration::from_secs(3);
        let mut schedules = [schedule(start), schedule(second)];
        let short = Settings {
            interval: MINUTE / 6,
            ..settings()
        };
        for schedule in &mut schedules {
            schedule.take(second).unwrap();
            schedule.reconfigure(short, second + Duration::from_secs(2));
        }
        let next = schedules.map(|schedule| schedule.next());
        assert_eq!(next, [start + MINUTE / 6, second + MINUTE / 6]);
    }

    #[test]
    fn a_shorter_interval_takes_effect_at_once() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        schedule.take(start).unwrap();
        let short = Settings {
            interval: MINUTE / 6,
            ..settings()
        };
        schedule.reconfigure(short, start);
        assert_eq!(schedule.next(), start + MINUTE / 6);
    }
}
