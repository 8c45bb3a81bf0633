//! Backup images by malware and anomaly status: `catalog.yaml GET
//! /catalog/images`.
//!
//! The guest asks for counts instead of images. An image has kilobytes of
//! fragments, and a day has thousands of images. The guest first asks for the total.
//! It then asks for one status after another until their counts add up to the total.
//! So a site with uniform images takes three requests.

mod status;

use futures::future::LocalBoxFuture;
use serde::Deserialize;

use self::status::{ANOMALY, Field, malware};
use crate::api::lenient::UNKNOWN;
use crate::api::{Client, Query, page, query};
use crate::collector::{Collected, Collector, Context};
use crate::contract::{DeclaredOption, Failure, Kind, ReportedFamily};
use crate::family::{Definition, Series};
use crate::options;

/// The collector.
pub(super) const COLLECTOR: Collector = Collector {
    name: "catalog",
    summary: "Backup images of the catalog by malware and anomaly status",
    enabled_by_default: false,
    paths: &[ENDPOINT],
    permissions: &["|MANAGE|IMAGES|"],
    cached: true,
    default_interval: None,
    experimental: false,
    state_version: 0,
    families: || vec![IMAGES.describe(), LEGACY.describe()],
    options,
    collect,
};

const ENDPOINT: &str = "/catalog/images";

static IMAGES: Definition<2> = Definition {
    name: "nbu_catalog_images",
    kind: Kind::Gauge,
    help: "Number of backup images of the last 24 hours, or of collectors.catalog.window. A status is unknown if the NetBackup release does not report it (anomalies before 10.4) or cannot filter by it (UNDEFINED).",
    labels: ["malware_status", "anomaly_status"],
};

static LEGACY: Definition<2> = Definition {
    name: "nbu_catalog_images_count",
    kind: Kind::Gauge,
    help: "Number of backup images in nbu_catalog_images. Legacy name.",
    labels: ["malware_status", "anomaly_status"],
};

/// How far back to count images.
#[derive(Deserialize)]
struct CatalogOptions {
    /// Seconds.
    window: u64,
}

/// The default is NetBackup's own.
fn options() -> Vec<DeclaredOption> {
    let window = "Age up to which images are counted.";
    vec![
        options::duration("window", options::TEN_YEARS, "24h", window),
        options::legacy_names(),
    ]
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async { Collected::of(read(context).await) })
}

async fn read(context: &Context<'_>) -> Result<Vec<ReportedFamily>, Failure> {
    let options: CatalogOptions = context.options()?;
    let since = context.window.now.saturating_sub(options.window);
    let images = Images {
        client: context.client,
        // The window ends at the server's current time by default. An end by the host's
        // clock would miss the newest images if the server's clock is ahead.
        window: query::not_before("backupTime", since),
    };
    let mut counts = Series::new(&IMAGES);
    let mut legacy = Series::new(&LEGACY);
    for (malware, anomaly, number) in images.by_status().await? {
        counts.set([malware, anomaly], Some(number as f64));
        legacy.set([malware, anomaly], Some(number as f64));
    }
    let mut families = vec![counts.finish()];
    families.extend(context.legacy_names.then(|| legacy.finish()));
    Ok(families)
}

/// The images of a window.
struct Images<'a> {
    client: &'a Client<'a>,
    /// The filter expression.
    window: String,
}

impl Images<'_> {
    /// Malware status, anomaly status and number of images, without zeros.
    async fn by_status(&self) -> Result<Vec<(&'static str, &'static str, u64)>, Failure> {
        let total = self.count(&self.window).await?;
        // The version is known since the first answer.
        let version = self.client.version().await;
        let mut counts = Vec::new();
        for (malware, filter, number) in self.split(malware(version), &self.window, total).await? {
            match filter {
                Some(filter) if status::knows_anomalies(version) => {
                    let parts = self.split(&ANOMALY, &filter, number).await?;
                    counts.extend(
                        parts
                            .into_iter()
                            .map(|(anomaly, _, n)| (malware, anomaly, n)),
                    );
                }
                _ => counts.push((malware, UNKNOWN, number)),
            }
        }
        Ok(counts)
    }

    /// Splits the `left` images that a filter selects by the values of a field, each
    /// with its filter. The rest is `unknown`, so that the sum is the total even if
    /// a release has another value.
    async fn split(
        &self,
        field: &Field,
        filter: &str,
        mut left: u64,
    ) -> Result<Vec<(&'static str, Option<String>, u64)>, Failure> {
        let mut parts = Vec::new();
        for value in field.values {
            if left == 0 {
                break;
            }
            let filter = query::both(filter, &query::equal(field.name, value));
            // An image may appear or change its status between two answers.
            let number = self.count(&filter).await?.min(left);
            left -= number;
            if number > 0 {
                parts.push((*value, Some(filter), number));
            }
        }
        if left > 0 {
            parts.push((UNKNOWN, None, left));
        }
        Ok(parts)
    }

    async fn count(&self, filter: &str) -> Result<u64, Failure> {
        page::count(self.client, Query::new(ENDPOINT).with("filter", filter)).await
    }
}
