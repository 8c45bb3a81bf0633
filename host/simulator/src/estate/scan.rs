//! Malware scans.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A scan of a backup image (`malware.yaml GET /malware/scan-results`).
#[derive(Clone, Debug)]
pub struct Scan {
    /// `data[].id`.
    pub id: String,
    /// `client`; with `backup_time` it identifies an image.
    pub client: String,
    /// `backupTime`. The unit is not documented: seconds since the Unix epoch, as
    /// in the id of an image.
    pub backup_time: Timestamp,
    /// `policyType`: `STANDARD`, `MS-WINDOWS`.
    pub policy_type: String,
    /// `policyName`, shown from 10.5 on.
    pub policy: String,
    /// `backupType`: `FULL`, `DIFFERENTIAL_INCREMENTAL`, …
    pub backup_type: String,
    /// `scanState`: `PENDING`, `IN_PROGRESS`, `SCAN_COMPLETED`, …
    pub state: String,
    /// `scanResult`: `NOT_SCANNED`, `IMPACTED`, `CLEAN`, `NOT_SUPPORTED`.
    pub result: String,
    /// `dateOfScan` and `startDateOfScan`.
    pub date: Timestamp,
    /// `endDateOfScan`; `None` while it runs.
    pub end: Option<Timestamp>,
    /// `numberOfFilesImpacted`, in 10.3 `noOfFilesImpacted`.
    pub infected: u64,
    /// `numberOfFilesScanned`.
    pub scanned: u64,
    /// `totalNumberOfFiles`.
    pub total: u64,
    /// `mediaServerName`.
    pub media_server: String,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl Scan {
    /// A scan of ten minutes that found nothing in an image of an hour
    /// before.
    pub fn new(id: &str, client: &str, date: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            client: client.to_owned(),
            backup_time: date - SignedDuration::from_hours(1),
            policy_type: "STANDARD".to_owned(),
            policy: "policy".to_owned(),
            backup_type: "FULL".to_owned(),
            state: "SCAN_COMPLETED".to_owned(),
            result: "CLEAN".to_owned(),
            date,
            end: Some(date + SignedDuration::from_mins(10)),
            infected: 0,
            scanned: 1000,
            total: 1000,
            media_server: "media01".to_owned(),
            shown: BTreeMap::new(),
        }
    }

    /// The same scan with a state and a result.
    pub fn with(mut self, state: &str, result: &str) -> Self {
        self.state = state.to_owned();
        self.result = result.to_owned();
        self
    }

    /// Whether it is over, successful or not: `latest-scan-results` calls it
    /// completed.
    pub(crate) fn is_over(&self) -> bool {
        matches!(
            self.state.as_str(),
            "SCAN_COMPLETED" | "SCAN_FAILED" | "CANCELLED"
        )
    }
}

/// The latest completed scan of each image.
pub(crate) fn latest(scans: Vec<Scan>) -> Vec<Scan> {
    let mut latest: BTreeMap<(String, Timestamp), Scan> = BTreeMap::new();
    for scan in scans.into_iter().filter(Scan::is_over) {
        let image = (scan.client.clone(), scan.backup_time);
        match latest.get(&image) {
            Some(other) if other.date >= scan.date => {}
            _ => {
                latest.insert(image, scan);
            }
        }
    }
    latest.into_values().collect()
}
