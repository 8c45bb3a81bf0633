//! Backup images by malware and anomaly status: `catalog.yaml GET
//! /catalog/images`.
//!
//! Images are counted and not read: an image is kilobytes of fragments, a day has
//! thousands of them, and a count is one small answer. The total comes first; it
//! is split by one status after the other until nothing is left of it, so that a
//! site where all images are alike costs three requests.

mod status;

use futures::future::LocalBoxFuture;
use serde::{Deserialize, Deserializer};

use self::status::{ANOMALY, Field, malware};
use super::{Collected, Collector, Context, seconds};
use crate::api::lenient::UNKNOWN;
use crate::api::{Client, Query, page, query};
use crate::family::{Definition, Family, Kind, Series};
use crate::report::Failure;

/// In the register.
pub const COLLECTOR: Collector = Collector {
    name: "catalog",
    summary: "Backup images of the catalog by malware and anomaly status",
    paths: &[ENDPOINT],
    cached: true,
    state_version: 0,
    families: || vec![IMAGES.describe(), LEGACY.describe()],
    check: |options| serde_json::from_str::<Options>(options).map(drop),
    collect,
};

const ENDPOINT: &str = "/catalog/images";

static IMAGES: Definition<2> = Definition {
    name: "nbu_catalog_images",
    kind: Kind::Gauge,
    help: "Backup images of the last 24 hours, or of collectors.catalog.window. A status is unknown where the release does not tell it (anomalies before NetBackup 10.5) or has no filter for it (UNDEFINED). Cached for server.cacheTTL.",
    labels: ["malware_status", "anomaly_status"],
};

static LEGACY: Definition<2> = Definition {
    name: "nbu_catalog_images_count",
    kind: Kind::Gauge,
    help: "Images of nbu_catalog_images, under the predecessor's name. Cached for server.cacheTTL.",
    labels: ["malware_status", "anomaly_status"],
};

/// How far back images are counted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    /// Seconds.
    #[serde(deserialize_with = "seconds")]
    window: u64,
}

impl Default for Options {
    /// What NetBackup looks at unasked.
    fn default() -> Self {
        Self { window: 24 * 3600 }
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    seconds::deserialize(deserializer, "window", "24h")
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Collected> {
    Box::pin(async { Collected::of(read(context).await) })
}

async fn read(context: &Context<'_>) -> Result<Vec<Family>, Failure> {
    let options: Options = super::options(context)?;
    let since = context.window.now.saturating_sub(options.window);
    let images = Images {
        client: context.client,
        // Its end is the server's current time by default. By our clock, the newest
        // images of a server that is ahead would be missing.
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
    /// As a filter.
    window: String,
}

impl Images<'_> {
    /// Malware status, anomaly status and number, where there are any.
    async fn by_status(&self) -> Result<Vec<(&'static str, &'static str, u64)>, Failure> {
        let total = self.count(&self.window).await?;
        // The version is known once something has been answered.
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

    /// Splits those of a filter, of which there are `left`, by the values of a
    /// field: each with its own filter. What no value accounts for is `unknown`,
    /// so that the sum is the total even if a release has a value more.
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
            let filter = query::both(filter, &query::equals(field.name, value));
            // An image may come, or change its status, between two answers.
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
