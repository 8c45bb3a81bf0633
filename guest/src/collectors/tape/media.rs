//! Tape cartridges: `storage.yaml GET /storage/tape-media`, from NetBackup 10.4 on.

use serde::Deserialize;

use crate::api::lenient::{Text, UNKNOWN};
use crate::api::{Client, Query, page};
use crate::collectors::rows::Distinct;
use crate::contract::{DescribedFamily, Failure, Family, Kind};
use crate::family::{Definition, Series};

pub(super) const ENDPOINT: &str = "/storage/tape-media";

/// The maximum of `page[limit]`.
const PAGE_LIMIT: u32 = 100;

static MEDIA: Definition<3> = Definition {
    name: "nbu_tape_media",
    kind: Kind::Gauge,
    help: "Number of tape cartridges by volume pool, from NetBackup 10.4 on.",
    labels: ["pool", "media_type", "robot_type"],
};

static LEGACY: Definition<3> = Definition {
    name: "nbu_tape_media_count",
    kind: Kind::Gauge,
    help: "Number of tape cartridges in nbu_tape_media. Legacy name.",
    labels: ["pool", "media_type", "robot_type"],
};

/// The attributes that the guest uses.
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

/// Number of cartridges by labels.
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
