//! Storage units: `storage.yaml GET /storage/storage-units`.

use serde::Deserialize;

use super::PAGE_LIMIT;
use crate::api::lenient::{Number, Text};
use crate::api::{Client, Query, page};
use crate::collectors::rows::{Named, Row};
use crate::family::{Definition, Family, Kind, Series};
use crate::manifest::DescribedFamily;
use crate::report::Failure;

pub(super) const ENDPOINT: &str = "/storage/storage-units";

static BYTES: Definition<3> = Definition {
    name: "nbu_disk_bytes",
    kind: Kind::Gauge,
    help: "Bytes free and used of a disk storage unit. Units that share a disk pool each report it, so do not sum them: see nbu_disk_pool_bytes. Cached for server.cacheTTL.",
    labels: ["name", "type", "size"],
};

static CAPACITY: Definition<2> = Definition {
    name: "nbu_disk_capacity_bytes",
    kind: Kind::Gauge,
    help: "Total capacity of a disk storage unit. Free and used need not add up to it. Cached for server.cacheTTL.",
    labels: ["name", "type"],
};

static MAX_JOBS: Definition<2> = Definition {
    name: "nbu_storage_max_concurrent_jobs",
    kind: Kind::Gauge,
    help: "Jobs that a disk storage unit may run at once. Cached for server.cacheTTL.",
    labels: ["name", "type"],
};

static MAX_FRAGMENT: Definition<2> = Definition {
    name: "nbu_storage_max_fragment_size_bytes",
    kind: Kind::Gauge,
    help: "Largest fragment that is written to a disk storage unit. Cached for server.cacheTTL.",
    labels: ["name", "type"],
};

static INFO: Definition<8> = Definition {
    name: "nbu_storage_info",
    kind: Kind::Gauge,
    help: "What a disk storage unit is; always 1. Cached for server.cacheTTL.",
    labels: [
        "name",
        "type",
        "subtype",
        "is_cloud",
        "worm_capable",
        "use_worm",
        "replication_capable",
        "instant_access",
    ],
};

const BYTES_PER_MEGABYTE: f64 = 1_048_576.0;

/// What is read of a row.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Unit {
    name: Text,
    storage_category: Text,
    storage_sub_type: Text,
    storage_server_type: Text,
    free_capacity_bytes: Number,
    used_capacity_bytes: Number,
    total_capacity_bytes: Number,
    max_concurrent_jobs: Number,
    max_fragment_size_megabytes: Number,
    #[serde(rename = "isCloudSTU")]
    is_cloud: Text,
    worm_capable: Text,
    use_worm: Text,
    replication_capable: Text,
    instant_access_enabled: Text,
}

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![
        BYTES.describe(),
        CAPACITY.describe(),
        MAX_JOBS.describe(),
        MAX_FRAGMENT.describe(),
        INFO.describe(),
    ]
}

/// Every unit but those of tape, which have no bytes to speak of.
pub(super) async fn read(client: &Client<'_>) -> Result<Named<Unit>, Failure> {
    let mut units = Named::new();
    page::by_offset(
        client,
        Query::new(ENDPOINT),
        PAGE_LIMIT,
        |row: Row<Unit>| {
            let (id, unit) = row.parts();
            if unit.storage_category.0.as_deref() != Some("TAPE") {
                units.insert(id, unit.name.clone(), unit);
            }
        },
    )
    .await?;
    Ok(units)
}

/// Units of one name are told apart by their id in every family.
pub(super) fn families(units: &Named<Unit>) -> Vec<Family> {
    let mut bytes = Series::new(&BYTES);
    let mut capacity = Series::new(&CAPACITY);
    let mut max_jobs = Series::new(&MAX_JOBS);
    let mut max_fragment = Series::new(&MAX_FRAGMENT);
    let mut info = Series::new(&INFO);
    for (name, unit) in units.iter() {
        let kind = unit.storage_server_type.or_unknown();
        let fragment = unit.max_fragment_size_megabytes.0;
        bytes.set([name, kind, "free"], unit.free_capacity_bytes.0);
        bytes.set([name, kind, "used"], unit.used_capacity_bytes.0);
        capacity.set([name, kind], unit.total_capacity_bytes.0);
        max_jobs.set([name, kind], unit.max_concurrent_jobs.0);
        max_fragment.set([name, kind], fragment.map(|mb| mb * BYTES_PER_MEGABYTE));
        info.set(
            [
                name,
                kind,
                unit.storage_sub_type.or_unknown(),
                unit.is_cloud.or_unknown(),
                unit.worm_capable.or_unknown(),
                unit.use_worm.or_unknown(),
                unit.replication_capable.or_unknown(),
                unit.instant_access_enabled.or_unknown(),
            ],
            Some(1.0),
        );
    }
    vec![
        bytes.finish(),
        capacity.finish(),
        max_jobs.finish(),
        max_fragment.finish(),
        info.finish(),
    ]
}
