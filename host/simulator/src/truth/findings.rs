//! The facts of alerts, images, malware scans and protection plans.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::{Truth, tally};
use crate::estate::{Image, Scan};

/// How many files were scanned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The sum of `numberOfFilesScanned`.
    pub scanned: u64,
    /// The sum of `numberOfFilesImpacted`.
    pub infected: u64,
}

impl Truth {
    /// The alerts that are kept, by `severity` and `category`.
    pub fn alerts(&self) -> BTreeMap<(String, String), u64> {
        let kinds = self.alerts.iter();
        tally(kinds.map(|alert| (alert.severity.clone(), alert.category.clone())))
    }

    /// The creation of the newest alert, by `severity` and `category`.
    pub fn last_alerts(&self) -> BTreeMap<(String, String), Timestamp> {
        let mut newest = BTreeMap::new();
        for alert in &self.alerts {
            let labels = (alert.severity.clone(), alert.category.clone());
            let created = newest.entry(labels).or_insert(alert.created);
            *created = alert.created.max(*created);
        }
        newest
    }

    /// All malware scans, by `scanState` and `scanResult`.
    pub fn scans(&self) -> BTreeMap<(String, String), u64> {
        let kinds = self.scans.iter();
        tally(kinds.map(|scan| (scan.state.clone(), scan.result.clone())))
    }

    /// The latest scan of each image that is over, by `scanState` and `scanResult`.
    pub fn latest_scans(&self) -> BTreeMap<(String, String), u64> {
        let kinds = self.last_of_images();
        tally(kinds.map(|scan| (scan.state.clone(), scan.result.clone())))
    }

    /// The files of the latest scans.
    pub fn latest_scanned(&self) -> Scanned {
        self.last_of_images()
            .fold(Scanned::default(), |sum, scan| Scanned {
                scanned: sum.scanned + scan.scanned,
                infected: sum.infected + scan.infected,
            })
    }

    /// The images in the catalog whose `backupTime` is within the range.
    pub fn images(&self, within: RangeInclusive<Timestamp>) -> impl Iterator<Item = &Image> {
        self.images
            .iter()
            .filter(move |image| within.contains(&image.backup_time))
    }

    /// The same, by `malwareStatus` and `anomalyStatus` of 11.0. Earlier
    /// releases lack one or both.
    pub fn images_by_status(
        &self,
        within: RangeInclusive<Timestamp>,
    ) -> BTreeMap<(String, String), u64> {
        tally(self.images(within).map(|image| {
            let malware = image.malware_status.clone();
            (malware, image.anomaly_status.clone())
        }))
    }

    /// The protection plans, by `workloadType`.
    pub fn slos(&self) -> BTreeMap<String, u64> {
        tally(self.slos.iter().map(|slo| slo.workload.clone()))
    }

    /// The completed scans that have no later one of the same image.
    fn last_of_images(&self) -> impl Iterator<Item = &Scan> {
        let over = |scan: &&Scan| {
            !matches!(scan.state.as_str(), "PENDING" | "IN_PROGRESS")
                && !scan.state.starts_with("CANCEL_")
                && !matches!(
                    scan.state.as_str(),
                    "SCAN_STARTED" | "CLEANUP_IN_PROGRESS" | "CANCELLATION_INITIATED"
                )
        };
        self.scans.iter().filter(over).filter(move |scan| {
            !self.scans.iter().filter(over).any(|other| {
                other.client == scan.client
                    && other.backup_time == scan.backup_time
                    && other.date > scan.date
            })
        })
    }
}
