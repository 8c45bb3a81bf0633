//! Counts each finished attempt of a job once, however often a window shows it.
//!
//! The saved state holds the totals and the attempts that a later answer may
//! still show: job, attempt and end. Nothing that ended before `horizon` is
//! counted any more, so that what is forgotten is not counted anew, not even
//! when somebody widens the window.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::row::Job;
use crate::log::Log;
use crate::settings::Window;
use crate::state;

/// How late, in seconds, a finished job may show up, and how far apart the clocks
/// of host and server may be.
const MARGIN: u64 = 15 * 60;

/// The longest gap between two collections, in seconds, that the later one makes
/// good: by default NetBackup forgets jobs after 78 hours.
pub(in crate::collectors) const LONGEST_GAP: u64 = 78 * 3600;

/// What is saved.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(in crate::collectors) struct Kept<T> {
    pub(in crate::collectors) totals: T,
    /// When the last collection was; seconds since the Unix epoch, as all here.
    last: u64,
    /// Attempts that ended before are not counted any more.
    horizon: u64,
    /// Job, attempt, end.
    counted: Vec<(u64, u64, u64)>,
}

impl<T> Kept<T> {
    /// A clock that was ahead, and is right again, would leave a horizon before
    /// which nothing is counted for as long as it was ahead.
    pub(in crate::collectors) fn is_of_the_past(
        &self,
        collector: &str,
        now: u64,
        log: &dyn Log,
    ) -> bool {
        let past = self.last <= now.saturating_add(MARGIN);
        if !past {
            state::start_anew(collector, "it was saved in the future", log);
        }
        past
    }
}

/// The start of the window, or the last collection if that was earlier.
fn since(last: u64, window: &Window) -> u64 {
    last.saturating_sub(MARGIN)
        .max(window.now.saturating_sub(LONGEST_GAP))
        .min(window.start())
}

/// Attempts and totals during one collection.
#[derive(Debug)]
pub(in crate::collectors) struct Attempts<T> {
    totals: T,
    now: u64,
    since: u64,
    horizon: u64,
    /// Job and attempt, and their end.
    counted: BTreeMap<(u64, u64), u64>,
}

impl<T: Default> Attempts<T> {
    /// As they were kept; anew when they were not.
    pub(in crate::collectors) fn resume(kept: Option<Kept<T>>, window: &Window) -> Self {
        let since = kept
            .as_ref()
            .map_or(window.start(), |kept| since(kept.last, window));
        let kept = kept.unwrap_or_else(|| Kept {
            horizon: since,
            ..Kept::default()
        });
        let counted = kept.counted.into_iter();
        Self {
            totals: kept.totals,
            now: window.now,
            since,
            horizon: kept.horizon,
            counted: counted
                .map(|(job, attempt, end)| ((job, attempt), end))
                .collect(),
        }
    }

    /// From when on finished jobs are asked for.
    pub(in crate::collectors) fn since(&self) -> u64 {
        self.since
    }

    /// Counts a finished attempt, by adding it to the totals, unless it has been.
    /// One without an end is kept for as long as it is shown.
    pub(in crate::collectors) fn count(&mut self, job: &Job, add: impl FnOnce(&mut T)) {
        let end = job.end.unwrap_or(self.now);
        let new = self.counted.insert((job.id, job.attempt), end).is_none();
        if new && end >= self.horizon {
            add(&mut self.totals);
        }
    }

    /// As they are now.
    pub(in crate::collectors) fn totals(&self) -> &T {
        &self.totals
    }

    /// To be saved, without the attempts that no later answer can show.
    pub(in crate::collectors) fn keep(self) -> Kept<T> {
        let forgotten = self.since.min(self.now.saturating_sub(MARGIN));
        let horizon = self.horizon.max(forgotten.saturating_sub(MARGIN));
        Kept {
            totals: self.totals,
            last: self.now,
            horizon,
            counted: self
                .counted
                .into_iter()
                .filter(|&(_, end)| end >= horizon)
                .map(|((job, attempt), end)| (job, attempt, end))
                .collect(),
        }
    }
}
