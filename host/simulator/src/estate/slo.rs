//! Protection plans.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value;

/// A protection plan, in the API a service level objective
/// (`servicecatalog.yaml GET /servicecatalog/slos`).
#[derive(Clone, Debug)]
pub struct Slo {
    /// `data[].id`.
    pub id: String,
    /// `name`.
    pub name: String,
    /// `description`.
    pub description: String,
    /// `workloadType`: `VMWARE`, `CLOUD`, `KUBERNETES`, …; `OPENSTACK` from 10.5 on.
    pub workload: String,
    /// `subscriptionCount`.
    pub subscriptions: u64,
    /// `frequencySeconds` of its only schedule.
    pub every: SignedDuration,
    /// `backupStorageUnit` of its only schedule.
    pub unit: String,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl Slo {
    /// A plan with a backup a day.
    pub fn new(name: &str, workload: &str, subscriptions: u64) -> Self {
        Self {
            id: format!("slo-{name}"),
            name: name.to_owned(),
            description: String::new(),
            workload: workload.to_owned(),
            subscriptions,
            every: SignedDuration::from_hours(24),
            unit: "stu-msdp-01".to_owned(),
            shown: BTreeMap::new(),
        }
    }
}
