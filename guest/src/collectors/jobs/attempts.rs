//! Counts each finished attempt of a job once, however often a window shows it.
//!
//! The saved state holds the totals and the attempts that a later answer may
//! still show: job, attempt and end. Nothing that ended before `horizon` is
//! counted any more, so that what is forgotten is not counted anew, not even
//! when somebody widens the window.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::NAME;
use super::row::Job;
use super::totals::Totals;
use crate::log::Log;
use crate::settings::Window;
use crate::state::{self, Saved};

/// Counts up whenever [`Kept`] changes shape.
pub(super) const STATE_VERSION: u32 = 1;

/// How late, in seconds, a finished job may show up, and how far apart the clocks
/// of host and server may be.
const MARGIN: u64 = 15 * 60;

/// The longest gap between two collections, in seconds, that the later one makes
/// good: by default NetBackup forgets jobs after 78 hours.
const LONGEST_GAP: u64 = 78 * 3600;

/// What is saved.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Kept {
    totals: Totals,
    /// When the last collection was; seconds since the Unix epoch, as all here.
    last: u64,
    /// Attempts that ended before are not counted any more.
    horizon: u64,
    /// Job, attempt, end.
    counted: Vec<(u64, u64, u64)>,
}

impl Kept {
    /// A clock that was ahead, and is right again, would leave a horizon before
    /// which nothing is counted for as long as it was ahead.
    fn is_of_the_past(&self, now: u64, log: &dyn Log) -> bool {
        let past = self.last <= now.saturating_add(MARGIN);
        if !past {
            state::start_anew(NAME, "it was saved in the future", log);
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
pub(super) struct Attempts {
    totals: Totals,
    now: u64,
    since: u64,
    horizon: u64,
    /// Job and attempt, and their end.
    counted: BTreeMap<(u64, u64), u64>,
}

impl Attempts {
    /// As they were saved; anew when they were not, or not by a guest like this.
    pub(super) fn load(saved: &[Saved], window: &Window, log: &dyn Log) -> Self {
        let kept = state::load(saved, NAME, STATE_VERSION, log)
            .filter(|kept: &Kept| kept.is_of_the_past(window.now, log));
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
    pub(super) fn since(&self) -> u64 {
        self.since
    }

    /// Counts a finished attempt unless it has been. One without an end is kept
    /// for as long as it is shown.
    pub(super) fn count(&mut self, job: &Job) {
        let end = job.end.unwrap_or(self.now);
        let new = self.counted.insert((job.id, job.attempt), end).is_none();
        if new && end >= self.horizon {
            self.totals.add(job);
        }
    }

    /// As they are now.
    pub(super) fn totals(&self) -> &Totals {
        &self.totals
    }

    /// To be saved, without the attempts that no later answer can show.
    pub(super) fn save(self) -> Option<Saved> {
        let forgotten = self.since.min(self.now.saturating_sub(MARGIN));
        let horizon = self.horizon.max(forgotten.saturating_sub(MARGIN));
        let kept = Kept {
            totals: self.totals,
            last: self.now,
            horizon,
            counted: self
                .counted
                .into_iter()
                .filter(|&(_, end)| end >= horizon)
                .map(|((job, attempt), end)| (job, attempt, end))
                .collect(),
        };
        state::save(NAME, STATE_VERSION, &kept)
    }
}
