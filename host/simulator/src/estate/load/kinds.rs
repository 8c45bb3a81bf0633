//! The kinds of jobs of a load and the statuses they end with, from the most
//! frequent to the rarest.

use fastrand::Rng;

/// A kind of job, in the words of the API.
pub(super) struct JobKind {
    pub(super) job_type: &'static str,
    pub(super) policy_type: &'static str,
    /// The number of jobs of this kind in ten thousand.
    weight: u32,
    /// Minutes of an attempt.
    pub(super) minutes: i64,
    /// Megabytes of a job; 0 transfers nothing.
    pub(super) megabytes: u64,
    /// Whether some jobs of this kind are parents.
    pub(super) parents: bool,
}

const fn kind(
    job_type: &'static str,
    policy_type: &'static str,
    weight: u32,
    minutes: i64,
    megabytes: u64,
) -> JobKind {
    JobKind {
        job_type,
        policy_type,
        weight,
        minutes,
        megabytes,
        parents: false,
    }
}

impl JobKind {
    const fn with_children(mut self) -> Self {
        self.parents = true;
        self
    }

    /// Whether it uses the accelerator.
    pub(super) fn is_accelerated(&self) -> bool {
        self.job_type == "BACKUP" && matches!(self.policy_type, "VMWARE" | "HYPERV")
    }

    /// Whether deduplication saves anything.
    pub(super) fn is_deduplicated(&self) -> bool {
        matches!(self.job_type, "BACKUP" | "DUPLICATE" | "REPLICATE")
    }
}

#[rustfmt::skip]
static KINDS: [JobKind; 22] = [
    kind("BACKUP", "VMWARE", 2200, 12, 4_000).with_children(),
    kind("BACKUP", "SQL_SERVER", 1500, 3, 500).with_children(),
    kind("BACKUP", "OBACKUP", 1300, 4, 800),
    kind("BACKUP", "STANDARD", 1100, 15, 3_000).with_children(),
    kind("BACKUP", "WINDOWS_NT", 1000, 15, 3_000),
    kind("DUPLICATE", "VMWARE", 700, 20, 4_000),
    kind("REPLICATE", "VMWARE", 500, 20, 4_000),
    kind("SNAPSHOT", "VMWARE", 400, 1, 0),
    kind("DUPLICATE", "STANDARD", 350, 20, 3_000),
    kind("IMAGEDELETE", "STANDARD", 300, 1, 0),
    kind("BACKUP", "NDMP", 150, 40, 9_000),
    kind("BACKUP", "HYPERV", 150, 12, 4_000),
    kind("RESTORE", "VMWARE", 100, 15, 2_000),
    kind("RESTORE", "STANDARD", 80, 5, 100),
    kind("VERIFY", "STANDARD", 50, 10, 0),
    kind("DBBACKUP", "NBU_CATALOG", 40, 5, 900),
    kind("BACKUP", "EXCHANGE", 40, 30, 5_000),
    kind("IMPORT", "VMWARE", 20, 10, 0),
    kind("BACKUP", "SAP", 12, 30, 7_000),
    kind("INDEXING", "VMWARE", 5, 2, 0),
    kind("REPLICA_IMPORT", "STANDARD", 2, 2, 0),
    kind("VAULT", "VAULT", 1, 30, 0),
];

/// The statuses of failures, and the approximate number of failures with each in ten thousand.
#[rustfmt::skip]
static FAILURES: [(i64, u32); 24] = [
    (58, 2600), (13, 1500), (84, 1100), (196, 900), (6, 800), (24, 700), (71, 500), (96, 400),
    (150, 300), (2074, 250), (156, 200), (41, 180), (50, 150), (83, 120), (129, 90), (2, 70),
    (213, 50), (4239, 30), (48, 20), (1500, 15), (59, 10), (191, 8), (2060014, 5), (252, 2),
];

/// A random kind of job.
pub(super) fn any(rng: &mut Rng) -> &'static JobKind {
    let place = weighted(rng, KINDS.iter().map(|kind| kind.weight));
    KINDS.get(place).unwrap_or(&KINDS[0])
}

/// The status of a random failure.
pub(super) fn failure(rng: &mut Rng) -> i64 {
    let place = weighted(rng, FAILURES.iter().map(|(_, weight)| *weight));
    FAILURES.get(place).map_or(58, |(status, _)| *status)
}

/// A random index into weights, in proportion to them.
pub(super) fn weighted(rng: &mut Rng, weights: impl Iterator<Item = u32> + Clone) -> usize {
    let mut left = rng.u32(..weights.clone().sum::<u32>());
    for (place, weight) in weights.enumerate() {
        if left < weight {
            return place;
        }
        left -= weight;
    }
    0
}
