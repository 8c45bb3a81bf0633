//! A lively estate: a plan for each day, made from the seed when it is first
//! asked for, and storage that fills as time passes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

mod day;
mod depot;
mod draft;
mod nights;
mod rounds;

use super::{Job, Pool, Unit};

/// How many days back there are plans: the records of the oldest have expired.
const DAYS: i64 = 5;

/// The towns that estates stand in; a seed picks one for the names of machines.
const TOWNS: [&str; 6] = ["par", "lon", "nyc", "fra", "sin", "gva"];

/// The jobs of one day.
type Plan = Arc<[Arc<Job>]>;

/// A story and the days of it that have been told.
pub(super) struct Story {
    site: Site,
    days: Mutex<BTreeMap<i64, Plan>>,
}

/// What every part of a story begins from.
#[derive(Clone, Copy)]
struct Site {
    seed: u64,
    town: &'static str,
    /// When the story began to be watched.
    born: Timestamp,
}

impl Story {
    pub(super) fn new(seed: u64, born: Timestamp) -> Self {
        let turn = seed % TOWNS.len() as u64;
        let town = TOWNS.get(turn as usize).copied().unwrap_or("par");
        Self {
            site: Site { seed, town, born },
            days: Mutex::default(),
        }
    }

    /// The jobs of the last days, some of which are still to come.
    pub(super) fn jobs(&self, now: Timestamp) -> Vec<Arc<Job>> {
        let today = now.as_second().div_euclid(day::SECONDS);
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.retain(|day, _| *day + DAYS > today);
        (today - DAYS + 1..=today)
            .flat_map(|day| {
                let plan = days.entry(day).or_insert_with(|| day::plan(self.site, day));
                plan.iter().cloned().collect::<Vec<_>>()
            })
            .collect()
    }

    /// The storage units as they are filled at `now`.
    pub(super) fn units(&self, now: Timestamp) -> Vec<Unit> {
        depot::units(self.site, now)
    }

    /// The disk pools as they are filled at `now`.
    pub(super) fn pools(&self, now: Timestamp) -> Vec<Pool> {
        depot::pools(self.site, now)
    }
}

#[cfg(test)]
mod tests;
