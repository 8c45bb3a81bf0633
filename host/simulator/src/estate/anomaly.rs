//! Anomalies of backups.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// An anomaly (`security.yaml GET /security/anomalies`).
#[derive(Clone, Debug)]
pub struct Anomaly {
    /// `data[].id`.
    pub id: u64,
    /// `createdDateTime`; it is listed from then on.
    pub created: Timestamp,
    /// `anomalyType`: `JOB_BASED`, and from 10.5 on `FILE_BASED`,
    /// `SUSPICIOUS_FILE_EXTENSION`, `CLIENT_OFFLINE_BASED`, `FILE_ENTROPY`. Earlier
    /// releases show all of them as `JOB_BASED`.
    pub kind: String,
    /// `anomalySeverity`: `HIGH`, `MEDIUM`, `LOW`.
    pub severity: String,
    /// `anomalyStatus`: `ANOMALY`, `NOT_REVIEWED`, `REPORTED_FALSE_POSITIVE`, `IGNORED`.
    pub status: String,
    /// `clientName`.
    pub client: String,
    /// `jobid`.
    pub job: u64,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl Anomaly {
    /// An anomaly of a job that nobody has reviewed.
    pub fn new(id: u64, severity: &str, created: Timestamp) -> Self {
        Self {
            id,
            created,
            kind: "JOB_BASED".to_owned(),
            severity: severity.to_owned(),
            status: "NOT_REVIEWED".to_owned(),
            client: format!("client{id}"),
            job: id,
            shown: BTreeMap::new(),
        }
    }
}
