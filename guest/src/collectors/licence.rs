//! Licences: `licensing.yaml`, entitlements and the data that counts towards them. The
//! two lists fail separately.

use std::collections::BTreeMap;

use futures::future::{LocalBoxFuture, join};
use serde::Deserialize;

use super::rows::{Distinct, Row};
use crate::api::lenient::{EpochSeconds, Number, Text, UNKNOWN};
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{DeclaredFamily, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "licence",
    summary: "Licence entitlements, their expiry, and front-end data",
    enabled_by_default: false,
    paths: &[ENTITLEMENTS, CAPACITY],
    permissions: &["|MANAGE|LICENSING|", "|MANAGE|LICENSING|USAGE|"],
    cached: true,
    // The list of capacity contains every client and image.
    default_interval: Some(24 * 3600),
    experimental: true,
    state_version: 0,
    families,
    options: Vec::new,
    collect,
};

const ENTITLEMENTS: &str = "/licensing/entitlements";
const CAPACITY: &str = "/licensing/capacity";

/// With the maximum of `page[limit]`. The list has no count and no sort keys.
const ENTITLEMENT_PAGES: OffsetList = OffsetList::with_limit(100);

/// With the default of `page[limit]`, because rows are large. NetBackup answers 404 if it
/// has gathered nothing.
const CAPACITY_PAGES: OffsetList = OffsetList::with_limit(10).empty_if_not_found();

/// The `licenseType` of entitlements that do not expire.
const PERPETUAL: &str = "PERPETUAL";

/// The `status` of a valid entitlement.
const ACTIVE: &str = "ACTIVE";

const BYTES_PER_MB: f64 = 1_048_576.0;

static AMOUNT: Definition<3> = Definition {
    name: "nbu_license_entitlements",
    kind: Kind::Gauge,
    help: "Licensed amount: the license count times its multiplier. NetBackup does not document the unit of a meter.",
    labels: ["meter", "type", "status"],
};

static EXPIRY: Definition<2> = Definition {
    name: "nbu_license_expiry_timestamp_seconds",
    kind: Kind::Gauge,
    help: "Expiry of the entitlement of a product that ends first, in seconds since the Unix epoch. If all have expired, the one that ended last. Perpetual entitlements are not counted.",
    labels: ["product", "meter"],
};

static FRONT_END: Definition<1> = Definition {
    name: "nbu_license_front_end_bytes",
    kind: Kind::Gauge,
    help: "Front-end data that counts towards the license, in bytes, by primary server.",
    labels: ["primary"],
};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entitlement {
    product_name: Text,
    license_meter: Text,
    license_type: Text,
    license_count: Number,
    count_multiplier: Number,
    status: Text,
    end_date: EpochSeconds,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Capacity {
    #[serde(rename = "masterConsumptionMB")]
    megabytes: Number,
}

impl Entitlement {
    fn is_active(&self) -> bool {
        self.status.0.as_deref() == Some(ACTIVE)
    }

    fn amount(&self) -> Option<f64> {
        Some(self.license_count.0? * self.count_multiplier.0?).filter(|it| it.is_finite())
    }

    /// None for a perpetual one: the meaning of its `endDate` is not documented.
    fn expiry(&self) -> Option<u64> {
        let is_perpetual = self.license_type.0.as_deref() == Some(PERPETUAL);
        self.end_date.0.filter(|_| !is_perpetual)
    }
}

fn families() -> Vec<DeclaredFamily> {
    vec![AMOUNT.describe(), EXPIRY.describe(), FRONT_END.describe()]
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let client = context.client;
        let (entitlements, capacity) = join(entitlements(client), capacity(client)).await;
        let mut collected = Collected::of(entitlements);
        collected.add(capacity);
        collected
    })
}

async fn entitlements(client: &Client<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let mut entitlements: Distinct<Entitlement> = Distinct::new();
    let query = Query::new(ENTITLEMENTS);
    page::by_offset(client, query, ENTITLEMENT_PAGES, |row| {
        entitlements.insert(row);
    })
    .await?;
    let mut amount = Series::new(&AMOUNT);
    for it in entitlements.iter() {
        let labels = [&it.license_meter, &it.license_type, &it.status].map(Text::or_unknown);
        if let Some(added) = it.amount() {
            amount.add(labels, added);
        }
    }
    Ok(vec![amount.finish(), expiries(entitlements.iter())])
}

/// The expiry of each product and meter. A renewed product has an expired entitlement
/// beside the active one, and only the active one matters.
fn expiries<'a>(entitlements: impl Iterator<Item = &'a Entitlement>) -> ReportedFamily {
    let mut ends: BTreeMap<[&str; 2], (Option<u64>, Option<u64>)> = BTreeMap::new();
    for it in entitlements {
        let Some(end) = it.expiry() else { continue };
        let labels = [it.product_name.or_unknown(), it.license_meter.or_unknown()];
        let (active, expired) = ends.entry(labels).or_default();
        if it.is_active() {
            *active = Some(active.map_or(end, |earlier| earlier.min(end)));
        } else {
            *expired = (*expired).max(Some(end));
        }
    }
    let mut series = Series::new(&EXPIRY);
    for (labels, (active, expired)) in ends {
        series.set(labels, active.or(expired).map(|end| end as f64));
    }
    series.finish()
}

async fn capacity(client: &Client<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let mut front_end = Series::new(&FRONT_END);
    let query = Query::new(CAPACITY);
    page::by_offset(client, query, CAPACITY_PAGES, |row: Row<Capacity>| {
        let (primary, capacity) = row.parts();
        let bytes = capacity.megabytes.0.map(|it| it * BYTES_PER_MB);
        let primary = primary.0.as_deref().unwrap_or(UNKNOWN);
        front_end.set([primary], bytes.filter(|it| it.is_finite()));
    })
    .await?;
    Ok(vec![front_end.finish()])
}
