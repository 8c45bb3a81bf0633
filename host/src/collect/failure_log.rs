//! Which failures of a site the log already has: each cause gets one line, a reminder
//! every hour, and one line at its end.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::facts::CollectorFacts;
use crate::cache::AttemptResult;
use crate::egress::Diagnosis;
use crate::guest::unconnected;

/// How often a lasting failure is logged again.
const REMINDER: Duration = Duration::from_secs(60 * 60);

/// The maximum number of failures in a line; the others are in the log at level `debug`.
const TEXTS: usize = 3;

/// Why collectors fail. Texts can differ in each attempt, so they are not part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cause {
    pub(super) reasons: Vec<Cow<'static, str>>,
    /// The kind of the fault, if the call failed.
    pub(super) fault: Option<&'static str>,
    /// Why connections fail. It is one reason, but each value needs another remedy.
    pub(super) connection: Option<String>,
}

impl Cause {
    /// `connection` only concerns failures to reach the site.
    fn new(
        reasons: &[Cow<'static, str>],
        fault: Option<&'static str>,
        connection: Option<&Diagnosis>,
    ) -> Self {
        let connection = unconnected(reasons, connection);
        Self {
            reasons: reasons.to_vec(),
            fault,
            connection: connection.map(|it| it.error.clone()),
        }
    }
}

/// One attempt of a collector.
#[derive(Clone, Debug)]
pub(super) struct AttemptLog {
    pub(super) collector: String,
    /// `None` if it succeeded.
    pub(super) cause: Option<Cause>,
    /// One text for each failure.
    pub(super) failures: Vec<String>,
    /// NetBackup's identifier of the request that failed first.
    pub(super) request_id: Option<String>,
}

impl AttemptLog {
    pub(super) fn new(
        collector: &str,
        facts: &CollectorFacts,
        result: &AttemptResult,
        connection: Option<&Diagnosis>,
    ) -> Self {
        let cause = match result {
            AttemptResult::Read(_) => None,
            AttemptResult::Failed(reasons, _) => Some(Cause::new(reasons, facts.fault, connection)),
        };
        Self {
            collector: collector.to_owned(),
            cause,
            failures: facts.failures.clone(),
            request_id: facts.request_id.clone(),
        }
    }

    /// Whether connections fail.
    pub(super) fn is_unconnected(&self) -> bool {
        let connection = self.cause.as_ref().map(|cause| &cause.connection);
        connection.is_some_and(Option::is_some)
    }
}

/// What to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogEvent {
    Failed,
    StillFailing,
    Recovered,
}

/// A line of the log.
#[derive(Debug)]
pub(super) struct LogEntry {
    pub(super) event: LogEvent,
    /// `None` if they succeed.
    pub(super) cause: Option<Cause>,
    pub(super) collectors: BTreeSet<String>,
    pub(super) error: String,
    pub(super) request_id: Option<String>,
    /// How long the first of the collectors has been failing.
    pub(super) lasted: Duration,
}

/// The lasting failures of a site.
#[derive(Debug, Default)]
pub(super) struct FailureLog {
    causes: BTreeMap<Cause, LastingFailure>,
    /// Since when each collector has been failing, for any cause.
    since: BTreeMap<String, Instant>,
}

#[derive(Debug)]
struct LastingFailure {
    logged: Instant,
    collectors: BTreeSet<String>,
}

impl FailureLog {
    /// Takes the attempts of one collection, and returns what to log.
    pub(super) fn update(&mut self, attempts: Vec<AttemptLog>, now: Instant) -> Vec<LogEntry> {
        let recovered = self.leave(&attempts, now);
        let mut failed: BTreeMap<Cause, Vec<AttemptLog>> = BTreeMap::new();
        for mut attempt in attempts {
            if let Some(cause) = attempt.cause.take() {
                failed.entry(cause).or_default().push(attempt);
            }
        }
        let entries = failed.into_iter();
        let entries = entries.filter_map(|(cause, attempts)| self.fail(cause, attempts, now));
        entries.chain(recovered).collect()
    }

    /// Removes collectors from causes that they no longer fail for. Returns those that
    /// succeed again.
    fn leave(&mut self, attempts: &[AttemptLog], now: Instant) -> Option<LogEntry> {
        let mut recovered = BTreeSet::new();
        let mut begun = now;
        for attempt in attempts {
            let other = self.causes.iter_mut();
            for (_, lasting) in other.filter(|(cause, _)| attempt.cause.as_ref() != Some(cause)) {
                lasting.collectors.remove(&attempt.collector);
            }
            if attempt.cause.is_some() {
                self.since.entry(attempt.collector.clone()).or_insert(now);
            } else if let Some(since) = self.since.remove(&attempt.collector) {
                recovered.insert(attempt.collector.clone());
                begun = begun.min(since);
            }
        }
        self.causes
            .retain(|_, lasting| !lasting.collectors.is_empty());
        (!recovered.is_empty()).then(|| LogEntry {
            event: LogEvent::Recovered,
            cause: None,
            collectors: recovered,
            error: String::new(),
            request_id: None,
            lasted: now.saturating_duration_since(begun),
        })
    }

    fn fail(&mut self, cause: Cause, attempts: Vec<AttemptLog>, now: Instant) -> Option<LogEntry> {
        let lasting = self.causes.entry(cause.clone());
        let lasting = lasting.or_insert_with(|| LastingFailure {
            logged: now,
            collectors: BTreeSet::new(),
        });
        let is_new = |attempt: &AttemptLog| !lasting.collectors.contains(&attempt.collector);
        let (new, known): (Vec<_>, Vec<_>) = attempts.into_iter().partition(is_new);
        let (event, attempts) = if !new.is_empty() {
            (LogEvent::Failed, new)
        } else if now.saturating_duration_since(lasting.logged) >= REMINDER {
            (LogEvent::StillFailing, known)
        } else {
            return None;
        };
        lasting.logged = now;
        let names = attempts.iter().map(|attempt| attempt.collector.clone());
        let collectors: BTreeSet<_> = names.collect();
        lasting.collectors.extend(collectors.iter().cloned());
        let since = collectors.iter().filter_map(|name| self.since.get(name));
        let since = since.min().copied().unwrap_or(now);
        Some(LogEntry {
            event,
            collectors,
            error: error(&cause, &attempts),
            request_id: attempts.into_iter().find_map(|it| it.request_id),
            lasted: now.saturating_duration_since(since),
            cause: Some(cause),
        })
    }
}

/// The first distinct failures. If no connection succeeds, they all say the same.
fn error(cause: &Cause, attempts: &[AttemptLog]) -> String {
    if let Some(connection) = &cause.connection {
        return connection.clone();
    }
    let texts = attempts.iter().flat_map(|attempt| &attempt.failures);
    let texts: BTreeSet<_> = texts.collect();
    let first = texts.iter().take(TEXTS).map(|text| text.as_str());
    let mut error = first.collect::<Vec<_>>().join("; ");
    if let Some(more @ 1..) = texts.len().checked_sub(TEXTS) {
        error.push_str(&format!("; and {more} more"));
    }
    error
}

#[cfg(test)]
mod tests;
