//! Tape cartridges: `storage.yaml GET /storage/tape-media`, from NetBackup 10.4 on.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::api::lenient::{Number, Text, UNKNOWN};
use crate::api::nested::Nested;
use crate::api::{Client, Query, page};
use crate::collectors::rows::{Distinct, Row};
use crate::contract::{DeclaredFamily, Failure, Kind, ReportedFamily};
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

static STATUS: Definition<1> = Definition {
    name: "nbu_tape_media_status",
    kind: Kind::Gauge,
    help: "Number of tape cartridges with a status, from NetBackup 10.4 on. A cartridge may have several, such as ACTIVE and MULTIPLEXED.",
    labels: ["status"],
};

static CLEANINGS: Definition<1> = Definition {
    name: "nbu_tape_cleanings_remaining",
    kind: Kind::Gauge,
    help: "Number of cleanings that a cleaning cartridge has left, from NetBackup 10.4 on.",
    labels: ["media_id"],
};

/// The end of `mediaType` of a cleaning cartridge.
const CLEANING: &str = "_CLN";

/// The attributes that the guest uses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Cartridge {
    pub(super) volume_pool: Text,
    media_type: Text,
    /// A set of words.
    media_status: Text,
    cleanings_remaining: Number,
    robot: Nested<Robot>,
    #[serde(skip)]
    id: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Robot {
    robot_type: Text,
}

pub(super) fn describe() -> Vec<DeclaredFamily> {
    vec![
        MEDIA.describe(),
        STATUS.describe(),
        CLEANINGS.describe(),
        LEGACY.describe(),
    ]
}

/// Every cartridge.
pub(super) async fn read(client: &Client<'_>) -> Result<Distinct<Cartridge>, Failure> {
    let mut media = Distinct::new();
    let query = Query::new(ENDPOINT);
    page::by_cursor(client, query, PAGE_LIMIT, |row: Row<Cartridge>| {
        let id = row.id.clone();
        media.insert(row.map(|cartridge| Cartridge { id, ..cartridge }));
    })
    .await?;
    Ok(media)
}

pub(super) fn families(media: &Distinct<Cartridge>, legacy_names: bool) -> Vec<ReportedFamily> {
    let mut status = Series::new(&STATUS);
    let mut cleanings = Series::new(&CLEANINGS);
    for cartridge in media.iter() {
        for word in words(cartridge.media_status.or_unknown()) {
            status.add([word], 1.0);
        }
        let is_cleaning = cartridge.media_type.or_unknown().ends_with(CLEANING);
        let left = cartridge.cleanings_remaining.0.filter(|_| is_cleaning);
        cleanings.set([cartridge.id.or_unknown()], left);
    }
    let mut families = vec![count(media, &MEDIA), status.finish(), cleanings.finish()];
    families.extend(legacy_names.then(|| count(media, &LEGACY)));
    families
}

/// The words of a set, each once.
fn words(set: &str) -> BTreeSet<&str> {
    let words = set.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).collect()
}

/// Number of cartridges by labels.
fn count(media: &Distinct<Cartridge>, definition: &'static Definition<3>) -> ReportedFamily {
    let mut series = Series::new(definition);
    for cartridge in media.iter() {
        let robot = cartridge.robot.get();
        let labels = [
            cartridge.volume_pool.or_unknown(),
            cartridge.media_type.or_unknown(),
            robot.map_or(UNKNOWN, |robot| robot.robot_type.or_unknown()),
        ];
        series.add(labels, 1.0);
    }
    series.finish()
}
