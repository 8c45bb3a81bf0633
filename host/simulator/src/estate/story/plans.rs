//! The protection plans of a story.

use jiff::SignedDuration;

use super::Site;
use crate::Slo;

/// Name, workload, subscriptions, hours between backups. One plan is used by none.
const PLANS: [(&str, &str, u64, i64); 7] = [
    ("VMware-Gold", "VMWARE", 84, 6),
    ("VMware-Silver", "VMWARE", 231, 24),
    ("Cloud-Bronze", "CLOUD", 37, 24),
    ("SQL-Gold", "SQL_SERVER", 18, 4),
    ("Containers", "KUBERNETES", 9, 24),
    ("Postgres", "POSTGRESQL", 6, 12),
    ("Legacy-RHV", "RHV", 0, 168),
];

/// The plans, with a few more subscriptions from one site to the next.
pub(super) fn slos(site: Site) -> Vec<Slo> {
    PLANS
        .iter()
        .map(|(name, workload, subscriptions, hours)| Slo {
            every: SignedDuration::from_hours(*hours),
            ..Slo::new(
                name,
                workload,
                subscriptions + subscriptions * (site.seed % 7) / 20,
            )
        })
        .collect()
}
