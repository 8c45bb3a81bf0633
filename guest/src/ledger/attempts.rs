//! The finished attempts that a ledger remembers.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::jobs::attempt::{Attempt, AttemptKey};

/// Finished attempts. Those of one job are neighbours.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Attempts(BTreeMap<AttemptKey, Attempt>);

impl FromIterator<(AttemptKey, Attempt)> for Attempts {
    fn from_iter<I: IntoIterator<Item = (AttemptKey, Attempt)>>(attempts: I) -> Self {
        Self(attempts.into_iter().collect())
    }
}

/// The keys of a job from one number of attempt to another.
fn keys(job: u64, from: u64, to: u64) -> RangeInclusive<AttemptKey> {
    let first = AttemptKey {
        job,
        attempt: from,
        start: None,
    };
    let last = AttemptKey {
        job,
        attempt: to,
        start: Some(NonZeroU64::MAX),
    };
    first..=last
}

impl Attempts {
    /// Replaces an attempt if it is known, and says whether it is. Job and number
    /// must be equal, and the starts equal or one of them unknown.
    pub(crate) fn update(&mut self, key: AttemptKey, attempt: Attempt) -> bool {
        let Some(known) = self.find(key) else {
            return false;
        };
        let start = key.start.or(known.start);
        if start != known.start {
            self.0.remove(&known);
        }
        self.0.insert(AttemptKey { start, ..key }, attempt);
        true
    }

    fn find(&self, key: AttemptKey) -> Option<AttemptKey> {
        if self.0.contains_key(&key) {
            return Some(key);
        }
        let attempts = self.0.range(keys(key.job, key.attempt, key.attempt));
        let mut known = attempts.map(|(known, _)| *known);
        known.find(|known| known.may_share_start(&key))
    }

    pub(crate) fn insert(&mut self, key: AttemptKey, attempt: Attempt) {
        self.0.insert(key, attempt);
    }

    /// All attempts of a job.
    pub(crate) fn of(&self, job: u64) -> impl Iterator<Item = (&AttemptKey, &Attempt)> {
        self.0.range(keys(job, 0, u64::MAX))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&AttemptKey, &Attempt)> {
        self.0.iter()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Attempt> {
        self.0.values_mut()
    }

    /// Keeps the attempts for which `keep` is true.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Attempt) -> bool) {
        self.0.retain(|_, attempt| keep(attempt));
    }

    /// Keeps the jobs with a greater id than `job`, and those that have an attempt
    /// that ended at or after `time`. A job keeps all its attempts or none, so that
    /// an early one is never known without a late one.
    pub(crate) fn retain_jobs(&mut self, time: u64, job: u64) {
        let recent = self.0.iter();
        let recent = recent.filter(|(key, attempt)| attempt.end >= time || key.job > job);
        // Sorted, because the keys are.
        let jobs: Vec<u64> = recent.map(|(key, _)| key.job).collect();
        self.0.retain(|key, _| jobs.binary_search(&key.job).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(job: u64, attempt: u64, start: u64) -> AttemptKey {
        AttemptKey {
            job,
            attempt,
            start: NonZeroU64::new(start),
        }
    }

    fn ended(end: u64) -> Attempt {
        Attempt {
            end,
            kilobytes: 0,
            files: 0,
            dedup_percent: None,
            labels: 0,
            leaf: true,
            shown: true,
        }
    }

    fn attempts(keys: &[(u64, u64, u64, u64)]) -> Attempts {
        let attempts = keys.iter();
        attempts
            .map(|&(job, attempt, start, end)| (key(job, attempt, start), ended(end)))
            .collect()
    }

    fn of(attempts: &Attempts, job: u64) -> Vec<(u64, Option<u64>)> {
        let known = attempts.of(job);
        known
            .map(|(key, _)| (key.attempt, key.start.map(NonZeroU64::get)))
            .collect()
    }

    #[test]
    fn every_attempt_of_a_job_is_found() {
        let attempts = attempts(&[
            (8, 1, 5, 0),
            (9, 2, 5, 0),
            (9, 1, u64::MAX, 0),
            (9, u64::MAX, 0, 0),
            (10, 0, 0, 0),
        ]);
        let expected = [(1, Some(u64::MAX)), (2, Some(5)), (u64::MAX, None)];
        assert_eq!(of(&attempts, 9), expected);
        assert_eq!(of(&attempts, 11), []);
    }

    #[test]
    fn a_known_attempt_is_replaced() {
        let mut attempts = attempts(&[(9, 1, 9, 1), (9, 2, 9, 2)]);
        for (changed, end) in [(key(9, 2, 9), 5), (key(9, 1, 0), 6)] {
            assert!(attempts.update(changed, ended(end)));
            assert!(attempts.of(9).any(|(_, attempt)| attempt.end == end));
        }
        for other in [key(9, 3, 9), key(9, 2, 8)] {
            assert!(!attempts.update(other, ended(7)));
        }
        assert_eq!(attempts.of(9).count(), 2);
    }

    #[test]
    fn an_unknown_start_matches_and_a_known_start_stays() {
        let mut attempts = attempts(&[(1, 1, 0, 10)]);
        assert!(attempts.update(key(1, 1, 4), ended(10)));
        assert!(attempts.update(key(1, 1, 0), ended(10)));
        assert_eq!(of(&attempts, 1), [(1, Some(4))]);
        assert!(!attempts.update(key(1, 1, 5), ended(10)));
    }

    #[test]
    fn a_restored_attempt_counts_as_shown_once_an_answer_contains_it() {
        let saved = postcard::to_allocvec(&attempts(&[(9, 1, 9, 1), (9, 2, 9, 2)])).unwrap();
        let mut restored: Attempts = postcard::from_bytes(&saved).unwrap();
        assert!(restored.iter().all(|(_, attempt)| !attempt.shown));
        restored.update(key(9, 2, 9), ended(3));
        let shown: Vec<bool> = restored.of(9).map(|(_, attempt)| attempt.shown).collect();
        assert_eq!(shown, [false, true]);
    }

    #[test]
    fn a_job_keeps_all_attempts_or_none() {
        let rows = [
            (1, 1, 1, 10),
            (2, 1, 1, 10),
            (1, 2, 1, 30),
            (3, 1, 1, 20),
            (2, 2, 1, 19),
        ];
        let jobs = |time, job| {
            let mut attempts = attempts(&rows);
            attempts.retain_jobs(time, job);
            let kept: Vec<u64> = attempts.iter().map(|(key, _)| key.job).collect();
            kept
        };
        assert_eq!(jobs(20, 3), [1, 1, 3]);
        assert_eq!(jobs(30, 1), [1, 1, 2, 2, 3]);
    }

    #[test]
    fn ten_thousand_attempts_are_a_small_state() {
        let attempts: Attempts = (0..10_000)
            .map(|number| {
                let end = 1_751_371_200 + number * 2;
                let attempt = Attempt {
                    kilobytes: 50_000_000 + number,
                    files: 100_000 + number,
                    dedup_percent: Some(87.5),
                    labels: 40,
                    ..ended(end)
                };
                (key(12_000_000 + number, 1, end - 1800 - number), attempt)
            })
            .collect();
        let bytes = postcard::to_allocvec(&attempts).unwrap().len();
        assert!(bytes < 40 * 10_000, "{bytes}");
    }
}
