//! The protection plans of a scenario.

use jiff::SignedDuration;

use super::site::Site;
use crate::estate::slo::Slo;

/// Name, workload, subscriptions, hours between backups. One plan is unused.
const PLANS: [(&str, &str, u64, i64); 7] = [
    ("VMware-Gold", "VMWARE", 84, 6),
    ("VMware-Silver", "VMWARE", 231, 24),
    ("Cloud-Bronze", "CLOUD", 37, 24),
    ("SQL-Gold", "SQL_SERVER", 18, 4),
    ("Containers", "KUBERNETES", 9, 24),
    ("Postgres", "POSTGRESQL", 6, 12),
    ("Legacy-RHV", "RHV", 0, 168),
];

impl Site {
    /// The plans. Sites differ in their subscriptions.
    pub(in crate::estate) fn slos(self) -> Vec<Slo> {
        PLANS
            .iter()
            .map(|(name, workload, subscriptions, hours)| Slo {
                every: SignedDuration::from_hours(*hours),
                ..Slo::new(
                    name,
                    workload,
                    subscriptions + subscriptions * (self.seed % 7) / 20,
                )
            })
            .collect()
    }
}
