//! Alerts that NetBackup keeps: `manage.yaml GET /manage/alerts`.
//!
//! An alert is never marked as seen or settled there: they are counted for as
//! long as they are kept.

use futures::future::LocalBoxFuture;
use serde::Deserialize;

use super::rows::Distinct;
use super::{Collected, Collector, Context};
use crate::api::lenient::Text;
use crate::api::{Client, Query, page};
use crate::family::{Definition, Family, Kind, Series};
use crate::report::Failure;

/// In the register.
pub const COLLECTOR: Collector = Collector {
    name: "alerts",
    summary: "Alerts that NetBackup keeps, by severity and category",
    paths: &[ENDPOINT],
    cached: true,
    state_version: 0,
    families: || vec![ALERTS.describe(), LEGACY.describe()],
    check: |options| serde_json::from_str::<Options>(options).map(drop),
    collect,
};

const ENDPOINT: &str = "/manage/alerts";

/// How many a page may hold is not specified; without a limit it holds 10.
const PAGE_LIMIT: u32 = 100;

static ALERTS: Definition<2> = Definition {
    name: "nbu_alerts",
    kind: Kind::Gauge,
    help: "Alerts that NetBackup keeps, whether or not what they tell of still lasts. Cached for server.cacheTTL.",
    labels: ["severity", "category"],
};

static LEGACY: Definition<2> = Definition {
    name: "nbu_alerts_count",
    kind: Kind::Gauge,
    help: "Alerts of nbu_alerts, under the predecessor's name. Cached for server.cacheTTL.",
    labels: ["severity", "category"],
};

/// None yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

/// What is read of a row.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Alert {
    severity: Text,
    category: Text,
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let alerts = read(context.client).await;
        Collected::of(alerts.map(|alerts| {
            let mut families = vec![count(&alerts, &ALERTS)];
            families.extend(context.legacy_names.then(|| count(&alerts, &LEGACY)));
            families
        }))
    })
}

/// Every alert. Newest first, as the list comes unasked: one that is raised
/// meanwhile moves the others to a later page, where they are known by their id.
async fn read(client: &Client<'_>) -> Result<Distinct<Alert>, Failure> {
    let mut alerts = Distinct::new();
    let query = Query::new(ENDPOINT);
    page::by_offset(client, query, PAGE_LIMIT, |row| alerts.insert(row)).await?;
    Ok(alerts)
}

/// Alerts with the same labels together.
fn count(alerts: &Distinct<Alert>, definition: &'static Definition<2>) -> Family {
    let mut series = Series::new(definition);
    for alert in alerts.iter() {
        series.add(
            [alert.severity.or_unknown(), alert.category.or_unknown()],
            1.0,
        );
    }
    series.finish()
}
