//! Alerts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// An alert (`manage.yaml GET /manage/alerts`). There is no flag for a
/// resolved one: it is listed while it is kept.
#[derive(Clone, Debug)]
pub struct Alert {
    /// `data[].id`, and the `alertId` of filters.
    pub id: u64,
    /// `severity`: `INFO`, `WARNING`, `ERROR`.
    pub severity: String,
    /// `category`: the specification knows only `JOB`.
    pub category: String,
    /// `subCategory`: a policy type, spelled as alerts spell it.
    pub sub_category: String,
    /// `context`: `GENERAL`, `JOB_STATE_FAILED`, `JOB_STATE_SUSPEND`, …
    pub context: String,
    /// `title`.
    pub title: String,
    /// `description`.
    pub description: String,
    /// `createdDateTime`; it is listed from then on.
    pub created: Timestamp,
    /// `tags`.
    pub tags: Vec<String>,
    /// `params`.
    pub params: BTreeMap<String, String>,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl Alert {
    /// An alert about a job of a `STANDARD` policy.
    pub fn new(id: u64, severity: &str, created: Timestamp) -> Self {
        Self {
            id,
            severity: severity.to_owned(),
            category: "JOB".to_owned(),
            sub_category: "STANDARD".to_owned(),
            context: "GENERAL".to_owned(),
            title: "Job details are as follows:".to_owned(),
            description: format!("Alert {id}"),
            created,
            tags: vec!["JOB".to_owned()],
            params: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }
}
