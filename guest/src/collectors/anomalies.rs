//! Anomalies that NetBackup detected: `security.yaml GET /security/anomalies`.

use futures::future::LocalBoxFuture;
use serde::Deserialize;

use super::rows::Distinct;
use crate::api::lenient::Text;
use crate::api::page::{self, OffsetList};
use crate::api::{Query, query};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{DeclaredOption, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::options;

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "anomalies",
    summary: "Detected anomalies by type, severity and status",
    enabled_by_default: false,
    paths: &[ENDPOINT],
    permissions: &["|MANAGE|ANOMALIES|"],
    cached: true,
    default_interval: None,
    experimental: true,
    state_version: 0,
    families: || vec![ANOMALIES.describe()],
    options,
    collect,
};

const ENDPOINT: &str = "/security/anomalies";

/// With the maximum of `page[limit]`. New rows come last.
const PAGES: OffsetList = OffsetList::with_limit(100).sorted();

static ANOMALIES: Definition<3> = Definition {
    name: "nbu_anomalies",
    kind: Kind::Gauge,
    help: "Number of anomalies that NetBackup detected in the last 30 days, or in collectors.anomalies.window. Before NetBackup 10.5 all are JOB_BASED.",
    labels: ["type", "severity", "status"],
};

/// How far back to count anomalies.
#[derive(Deserialize)]
struct AnomalyOptions {
    /// Seconds.
    window: u64,
}

fn options() -> Vec<DeclaredOption> {
    let window = "Age up to which anomalies are counted.";
    vec![options::duration(
        "window",
        options::TEN_YEARS,
        "720h",
        window,
    )]
}

/// The attributes that the guest uses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Anomaly {
    anomaly_type: Text,
    anomaly_severity: Text,
    anomaly_status: Text,
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async { Collected::of(read(context).await) })
}

async fn read(context: &Context<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let options: AnomalyOptions = context.options()?;
    let since = context.window.now.saturating_sub(options.window);
    let query = Query::new(ENDPOINT)
        .with("filter", &query::not_before("createdDateTime", since))
        .with("sort", "createdDateTime");
    let mut anomalies = Distinct::new();
    page::by_offset(context.client, query, PAGES, |row| anomalies.insert(row)).await?;
    Ok(vec![count(&anomalies)])
}

/// Number of anomalies by labels.
fn count(anomalies: &Distinct<Anomaly>) -> ReportedFamily {
    let mut series = Series::new(&ANOMALIES);
    for anomaly in anomalies.iter() {
        let labels = [
            anomaly.anomaly_type.or_unknown(),
            anomaly.anomaly_severity.or_unknown(),
            anomaly.anomaly_status.or_unknown(),
        ];
        series.add(labels, 1.0);
    }
    series.finish()
}
