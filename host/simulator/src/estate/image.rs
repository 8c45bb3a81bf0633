//! Backup images in the catalog.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A backup image (`catalog.yaml GET /catalog/images`). It is listed from the end
/// of its backup to its expiration.
#[derive(Clone, Debug)]
pub struct Image {
    /// `clientName`, the first half of the id.
    pub client: String,
    /// `backupTime`, the second half of the id: when the backup began.
    pub backup_time: Timestamp,
    /// `elapsedTimeSeconds`, whole seconds.
    pub elapsed: SignedDuration,
    /// `expiration`.
    pub expiration: Timestamp,
    /// `policyName`.
    pub policy: String,
    /// `policyType`, free text: `Standard`, `MS-Windows`, `VMware`, `Oracle`, …
    pub policy_type: String,
    /// `scheduleName`.
    pub schedule: String,
    /// `scheduleType`: `FULL`, `DIFFERENTIAL_INCREMENTAL`, `USER_BACKUP`, …
    pub schedule_type: String,
    /// `jobId`.
    pub job: u64,
    /// `backupStatus`.
    pub status: i64,
    /// `kbytes`.
    pub kilobytes: u64,
    /// `numFiles`.
    pub files: u64,
    /// The host of its only fragment.
    pub media_server: String,
    /// `malwareScanResult`: `NOT_SCANNED`, `IMPACTED`, `CLEAN`, `NOT_SUPPORTED`.
    pub scan_result: String,
    /// `malwareStatus`, shown from 11.0 on: `NOT_SCANNED`, `CLEAN`,
    /// `INFECTION_DETECTED_BY_MALWARE_SCAN`, …
    pub malware_status: String,
    /// `anomalyStatus`, shown from 10.4 on: `NOT_PROCESSED`, `ANOMALOUS`, …
    pub anomaly_status: String,
    /// `anomalySeverity`, shown from 10.4 on: `NOT_PROCESSED`, `LOW`, …
    pub anomaly_severity: String,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl Image {
    /// A full backup of ten minutes that is kept for four weeks, without a scan
    /// or an anomaly.
    pub fn new(client: &str, backup_time: Timestamp) -> Self {
        Self {
            client: client.to_owned(),
            backup_time,
            elapsed: SignedDuration::from_mins(10),
            expiration: backup_time + SignedDuration::from_hours(4 * 7 * 24),
            policy: "policy".to_owned(),
            policy_type: "Standard".to_owned(),
            schedule: "full".to_owned(),
            schedule_type: "FULL".to_owned(),
            job: 0,
            status: 0,
            kilobytes: 1024,
            files: 10,
            media_server: "media01".to_owned(),
            scan_result: "NOT_SCANNED".to_owned(),
            malware_status: "NOT_SCANNED".to_owned(),
            anomaly_status: "NOT_PROCESSED".to_owned(),
            anomaly_severity: "NOT_PROCESSED".to_owned(),
            shown: BTreeMap::new(),
        }
    }

    /// `data[].id`: the client and the seconds of the backup time.
    pub fn id(&self) -> String {
        format!("{}_{}", self.client, self.backup_time.as_second())
    }

    /// Sets the result of a malware scan in both attributes.
    pub fn scanned(mut self, result: &str) -> Self {
        let status = match result {
            "IMPACTED" => "INFECTION_DETECTED_BY_MALWARE_SCAN",
            other => other,
        };
        self.scan_result = result.to_owned();
        self.malware_status = status.to_owned();
        self
    }

    /// Whether it is in the catalog at a moment.
    pub(crate) fn is_there(&self, now: Timestamp) -> bool {
        self.backup_time + self.elapsed <= now && now < self.expiration
    }
}
