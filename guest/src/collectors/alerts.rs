//! Alerts that NetBackup keeps: `manage.yaml GET /manage/alerts`.
//!
//! NetBackup does not mark an alert as acknowledged or resolved, so it counts until
//! NetBackup deletes it.

use futures::future::LocalBoxFuture;
use serde::Deserialize;

use super::rows::Distinct;
use crate::api::lenient::{EpochSeconds, Text};
use crate::api::page::{self, OffsetList};
use crate::api::{Client, Query};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::options;

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "alerts",
    summary: "Alerts that NetBackup keeps, by severity and category",
    enabled_by_default: false,
    paths: &[ENDPOINT],
    permissions: &["|MANAGE|EMAIL-NOTIFICATIONS|"],
    cached: true,
    default_interval: None,
    experimental: false,
    state_version: 0,
    families: || vec![ALERTS.describe(), CREATED.describe(), LEGACY.describe()],
    options: || vec![options::legacy_names()],
    collect,
};

const ENDPOINT: &str = "/manage/alerts";

/// The specification has no maximum for a page; the default is 10. It requires nothing
/// of an answer, so `{}` is valid for a server without alerts.
const PAGES: OffsetList = OffsetList::with_limit(100).bare();

static ALERTS: Definition<2> = Definition {
    name: "nbu_alerts",
    kind: Kind::Gauge,
    help: "Number of alerts that NetBackup keeps, including those whose cause is gone.",
    labels: ["severity", "category"],
};

static CREATED: Definition<2> = Definition {
    name: "nbu_alert_last_created_timestamp_seconds",
    kind: Kind::Gauge,
    help: "When the newest of these alerts was created, in seconds since the Unix epoch.",
    labels: ["severity", "category"],
};

static LEGACY: Definition<2> = Definition {
    name: "nbu_alerts_count",
    kind: Kind::Gauge,
    help: "Number of alerts in nbu_alerts. Legacy name.",
    labels: ["severity", "category"],
};

/// The attributes that the guest uses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Alert {
    severity: Text,
    category: Text,
    #[serde(rename = "createdDateTime")]
    created: EpochSeconds,
}

impl Alert {
    fn labels(&self) -> [&str; 2] {
        [self.severity.or_unknown(), self.category.or_unknown()]
    }
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async {
        let alerts = read(context.client).await;
        Collected::of(alerts.map(|alerts| {
            let mut families = vec![count(&alerts, &ALERTS), last_created(&alerts)];
            families.extend(context.legacy_names.then(|| count(&alerts, &LEGACY)));
            families
        }))
    })
}

/// Every alert, newest first by default. A new alert shifts others to a later page,
/// where their ids show that they are known.
async fn read(client: &Client<'_>) -> Result<Distinct<Alert>, Failure> {
    let mut alerts = Distinct::new();
    let query = Query::new(ENDPOINT);
    page::by_offset(client, query, PAGES, |row| alerts.insert(row)).await?;
    Ok(alerts)
}

/// Number of alerts by labels.
fn count(alerts: &Distinct<Alert>, definition: &'static Definition<2>) -> ReportedFamily {
    let mut series = Series::new(definition);
    for alert in alerts.iter() {
        series.add(alert.labels(), 1.0);
    }
    series.finish()
}

/// A count does not tell a new alert from one that NetBackup deleted meanwhile.
fn last_created(alerts: &Distinct<Alert>) -> ReportedFamily {
    let mut series = Series::new(&CREATED);
    for alert in alerts.iter() {
        if let Some(created) = alert.created.0 {
            series.raise(alert.labels(), created as f64);
        }
    }
    series.finish()
}
