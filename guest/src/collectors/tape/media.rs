//! Cartridges: `storage.yaml GET /storage/tape-media`, from NetBackup 10.4 on.

use serde::Deserialize;

use super::PAGE_LIMIT;
use crate::api::lenient::{Text, UNKNOWN};
use crate::api::{Client, Query, page};
use crate::collectors::rows::Distinct;
use crate::family::{Definition, Family, Kind, Series};
use crate::manifest::DescribedFamily;
use crate::report::Failure;

pub(super) const ENDPOINT: &str = "/storage/tape-media";

static MEDIA: Definition<3> = Definition {
    name: "nbu_tape_media",
    kind: Kind::Gauge,
    help: "Tape cartridges by volume pool; from NetBackup 10.4 on. Cached for server.cacheTTL.",
    labels: ["pool", "media_type", "robot_type"],
};

static LEGACY: Definition<3> = Definition {
    name: "nbu_tape_media_count",
    kind: Kind::Gauge,
    help: "Tape cartridges of nbu_tape_media, under the predecessor's name. Cached for server.cacheTTL.",
    labels: ["pool", "media_type", "robot_type"],
};

/// What is read of a row.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Cartridge {
    volume_pool: Text,
    media_type: Text,
    robot: Option<Robot>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Robot {
    robot_type: Text,
}

pub(super) fn describe() -> Vec<DescribedFamily> {
    vec![MEDIA.describe(), LEGACY.describe()]
}

/// Every cartridge.
pub(super) async fn read(client: &Client<'_>) -> Result<Distinct<Cartridge>, Failure> {
    let mut media = Distinct::new();
    let query = Query::new(ENDPOINT);
    page::by_cursor(client, query, PAGE_LIMIT, |row| media.insert(row)).await?;
    Ok(media)
}

pub(super) fn families(media: &Distinct<Cartridge>, legacy_names: bool) -> Vec<Family> {
    let mut families = vec![count(media, &MEDIA)];
    families.extend(legacy_names.then(|| count(media, &LEGACY)));
    families
}

/// Cartridges with the same labels together.
fn count(media: &Distinct<Cartridge>, definition: &'static Definition<3>) -> Family {
    let mut series = Series::new(definition);
    for cartridge in media.iter() {
        let robot = cartridge.robot.as_ref();
        let labels = [
            cartridge.volume_pool.or_unknown(),
            cartridge.media_type.or_unknown(),
            robot.map_or(UNKNOWN, |robot| robot.robot_type.or_unknown()),
        ];
        series.add(labels, 1.0);
    }
    series.finish()
}
