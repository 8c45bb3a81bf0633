//! A scenario: a plan for each day, made from a seed when it is first needed, and
//! storage that fills as time passes.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

mod administration;
mod alerts;
mod catalog;
mod certificates;
mod day_plan;
mod disk;
mod hierarchies;
mod lifecycle;
mod recurring;
mod scans;
mod site;
mod slos;
mod spelling;
mod tape_library;
mod template;
mod windows;

use day_plan::DayPlan;
use site::Site;

use super::alert::Alert;
use super::anomaly::Anomaly;
use super::day_cache::{DayCache, SECONDS};
use super::image::Image;
use super::job_list::{JobList, numbered};
use super::scan::{Scan, latest};
use super::slp_image::SlpImage;

/// How many days have plans: the records of all older jobs have expired.
const DAYS: i64 = 5;

/// The number of job ids of a day: more than the jobs of any day.
const IDS: u64 = 5_000;

/// Towns for the names of machines. The seed picks one if none is given. Three
/// letters leave room for a number in the id of a cartridge.
const TOWNS: [&str; 6] = ["par", "lon", "nyc", "fra", "sin", "gva"];

/// The events of a day.
struct Day {
    jobs: Arc<JobList>,
    images: Vec<Image>,
}

/// A scenario and the days of it that are planned.
pub(super) struct Scenario {
    pub(super) site: Site,
    days: DayCache<Day>,
    is_purged: bool,
}

impl Scenario {
    /// In a town that the seed picks.
    pub(super) fn new(seed: u64, created: Timestamp) -> Self {
        let index = seed % TOWNS.len() as u64;
        let town = TOWNS.get(index as usize).copied().unwrap_or("par");
        Self::in_town(town, seed, created)
    }

    pub(super) fn in_town(town: &'static str, seed: u64, created: Timestamp) -> Self {
        let days = DayCache::new(DAYS);
        let site = Site {
            seed,
            town,
            created,
            healthy: false,
        };
        Self {
            site,
            days,
            is_purged: false,
        }
    }

    /// The same scenario with all its hardware up.
    pub(super) fn healthy(mut self) -> Self {
        self.site.healthy = true;
        self
    }

    /// From now on it has no day, and so nothing that happened.
    pub(super) fn purge(&mut self) {
        self.is_purged = true;
    }

    /// The jobs of the last days, and of today those that are still to come.
    pub(super) fn jobs(&self, now: Timestamp) -> Vec<Arc<JobList>> {
        let days = self.days(now).into_iter();
        days.map(|day| Arc::clone(&day.jobs)).collect()
    }

    /// The images in the catalog at `now`, with the results of scans until then.
    pub(super) fn images(&self, now: Timestamp) -> Vec<Image> {
        let mut images = self.catalog(now);
        let scans: HashMap<_, _> = latest(scans::scans(&images, now))
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

    /// The malware scans of the images at `now`, and those that are still to come.
    pub(super) fn scans(&self, now: Timestamp) -> Vec<Scan> {
        scans::scans(&self.catalog(now), now)
    }

    /// The images under a lifecycle policy at `now`.
    pub(super) fn slp_images(&self, now: Timestamp) -> Vec<SlpImage> {
        lifecycle::slp_images(&self.catalog(now), now)
    }

    /// The anomalies of the images at `now`, and those that are still to come.
    pub(super) fn anomalies(&self, now: Timestamp) -> Vec<Anomaly> {
        lifecycle::anomalies(&self.catalog(now))
    }

    /// The alerts that are kept at `now`.
    pub(super) fn alerts(&self, now: Timestamp) -> Vec<Alert> {
        let lists = self.jobs(now);
        alerts::alerts(lists.iter().flat_map(|list| list.iter()), now)
    }

    /// The images in the catalog at `now`, as their backups left them.
    fn catalog(&self, now: Timestamp) -> Vec<Image> {
        let days = self.days(now);
        let images = days.iter().flat_map(|day| &day.images);
        images.filter(|it| it.is_there(now)).cloned().collect()
    }

    fn days(&self, now: Timestamp) -> Vec<Arc<Day>> {
        if self.is_purged {
            return Vec::new();
        }
        let today = now.as_second().div_euclid(SECONDS);
        let days = today - DAYS + 1..=today;
        self.days.get(days, |number| self.plan(number))
    }

    fn plan(&self, number: i64) -> Day {
        let mut day = DayPlan::new(self.site, number);
        windows::plan(&mut day);
        recurring::plan(&mut day);
        hierarchies::plan(&mut day);
        let first_id = u64::try_from(number).unwrap_or(0) * IDS + 1;
        let jobs = numbered(day.into_jobs(), first_id);
        Day {
            images: catalog::images(&jobs),
            jobs: Arc::new(jobs),
        }
    }
}

#[cfg(test)]
mod tests;
