//! A lively estate: a plan for each day, made from the seed when it is first
//! asked for, and storage that fills as time passes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

mod alarms;
mod catalog;
mod day;
mod depot;
mod draft;
mod library;
mod nights;
mod plans;
mod rounds;
mod scans;
mod words;

use super::{
    Alert, Cartridge, Drive, Image, Job, Pool, Scan, Slo, StorageServer, Unit, VolumePool, latest,
};

/// How many days back there are plans: the records of the oldest have expired.
const DAYS: i64 = 5;

/// Towns that estates stand in, for the names of machines; a seed picks one where
/// none is named. Three letters leave room for a number in the id of a cartridge.
const TOWNS: [&str; 6] = ["par", "lon", "nyc", "fra", "sin", "gva"];

/// What one day brings.
struct Plan {
    jobs: Vec<Arc<Job>>,
    images: Vec<Image>,
}

/// A story and the days of it that have been told.
pub(super) struct Story {
    site: Site,
    days: Mutex<BTreeMap<i64, Arc<Plan>>>,
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
    /// In a town that the seed picks.
    pub(super) fn new(seed: u64, born: Timestamp) -> Self {
        let turn = seed % TOWNS.len() as u64;
        let town = TOWNS.get(turn as usize).copied().unwrap_or("par");
        Self::in_town(town, seed, born)
    }

    pub(super) fn in_town(town: &'static str, seed: u64, born: Timestamp) -> Self {
        Self {
            site: Site { seed, town, born },
            days: Mutex::default(),
        }
    }

    /// The jobs of the last days, some of which are still to come.
    pub(super) fn jobs(&self, now: Timestamp) -> Vec<Arc<Job>> {
        self.told(now, |plan| &plan.jobs, |_| true)
    }

    /// The images that are there at `now`, with what scans have found by then.
    pub(super) fn images(&self, now: Timestamp) -> Vec<Image> {
        let mut images = self.catalog(now);
        let scans: HashMap<_, _> = latest(scans::of(&images, now))
            .into_iter()
            .map(|scan| ((scan.client, scan.backup_time), scan.result))
            .collect();
        for image in &mut images {
            let found = scans.get(&(image.client.clone(), image.backup_time));
            if let Some(result) = found {
                *image = image.clone().scanned(result);
            }
        }
        images
    }

    /// The malware scans of the images that are there, some of them still to come.
    pub(super) fn scans(&self, now: Timestamp) -> Vec<Scan> {
        scans::of(&self.catalog(now), now)
    }

    /// The alerts that are kept at `now`.
    pub(super) fn alerts(&self, now: Timestamp) -> Vec<Alert> {
        alarms::of(&self.jobs(now), now)
    }

    /// The protection plans.
    pub(super) fn slos(&self) -> Vec<Slo> {
        plans::slos(self.site)
    }

    /// The tape drives at `now`.
    pub(super) fn drives(&self, now: Timestamp) -> Vec<Drive> {
        library::drives(self.site, now)
    }

    /// The cartridges as they are filled at `now`.
    pub(super) fn cartridges(&self, now: Timestamp) -> Vec<Cartridge> {
        library::cartridges(self.site, now)
    }

    /// The volume pools at `now`.
    pub(super) fn volume_pools(&self, now: Timestamp) -> Vec<VolumePool> {
        library::volume_pools(self.site, now)
    }

    /// The hosts that control robots.
    pub(super) fn device_hosts(&self) -> Vec<String> {
        library::device_hosts(self.site)
    }

    /// The storage servers at `now`.
    pub(super) fn servers(&self, now: Timestamp) -> Vec<StorageServer> {
        depot::servers(self.site, now)
    }

    /// The images that are there at `now`, as their backups left them.
    fn catalog(&self, now: Timestamp) -> Vec<Image> {
        self.told(now, |plan| &plan.images, |image| image.is_there(now))
    }

    /// What the plans of the last days hold and is to be kept, the oldest first.
    fn told<T: Clone>(
        &self,
        now: Timestamp,
        of: impl Fn(&Plan) -> &Vec<T>,
        keep: impl Fn(&T) -> bool,
    ) -> Vec<T> {
        let today = now.as_second().div_euclid(day::SECONDS);
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.retain(|day, _| *day + DAYS > today);
        (today - DAYS + 1..=today)
            .flat_map(|day| {
                let plan = days
                    .entry(day)
                    .or_insert_with(|| Arc::new(day::plan(self.site, day)));
                let kept = of(plan).iter().filter(|one| keep(one));
                kept.cloned().collect::<Vec<_>>()
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
