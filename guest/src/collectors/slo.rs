//! Service level objectives, which the web user interface calls protection plans:
//! `servicecatalog.yaml GET /servicecatalog/slos`. That list does not say whether
//! they are met.

use futures::future::LocalBoxFuture;
use serde::Deserialize;

use super::rows::Distinct;
use crate::api::lenient::Text;
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::options;

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "slo",
    summary: "Service level objectives (protection plans) by workload",
    enabled_by_default: false,
    paths: &[ENDPOINT],
    permissions: &[],
    cached: true,
    default_interval: None,
    experimental: false,
    state_version: 0,
    families: || vec![SLOS.describe(), LEGACY.describe()],
    options: || vec![options::legacy_names()],
    collect,
};

const ENDPOINT: &str = "/servicecatalog/slos";

/// The specification has no maximum for a page; the default is 10.
const PAGES: OffsetList = OffsetList::with_limit(100);

static SLOS: Definition<1> = Definition {
    name: "nbu_slos",
    kind: Kind::Gauge,
    help: "Number of service level objectives (protection plans) by workload.",
    labels: ["workload_type"],
};

static LEGACY: Definition<0> = Definition {
    name: "nbu_slo_count",
    kind: Kind::Gauge,
    help: "Number of service level objectives in nbu_slos. Legacy name.",
    labels: [],
};

/// The attributes that the guest uses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Slo {
    workload_type: Text,
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let slos = read(context.client).await;
        Collected::of(slos.map(|slos| summarize(&slos, context.legacy_names)))
    })
}

async fn read(client: &Client<'_>) -> Result<Distinct<Slo>, Failure> {
    let mut slos = Distinct::new();
    let query = Query::new(ENDPOINT);
    page::by_offset(client, query, PAGES, |row| slos.insert(row)).await?;
    Ok(slos)
}

/// Number of objectives by workload.
fn summarize(slos: &Distinct<Slo>, legacy_names: bool) -> Vec<ReportedFamily> {
    let mut by_workload = Series::new(&SLOS);
    let mut all = Series::new(&LEGACY);
    for slo in slos.iter() {
        by_workload.add([slo.workload_type.or_unknown()], 1.0);
    }
    all.set([], Some(slos.len() as f64));
    let mut families = vec![by_workload.finish()];
    families.extend(legacy_names.then(|| all.finish()));
    families
}
