//! Tape cartridges, and the pools that they are in.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// A cartridge (`storage.yaml GET /storage/tape-media`, from 10.4 on).
#[derive(Clone, Debug)]
pub struct Cartridge {
    /// `data[].id`: the media id, six characters at most.
    pub id: String,
    /// `mediaType`: `HCART`, `HCART3`, `HC3_CLN`, …
    pub media_type: String,
    /// `robot.robotType`: `TLD`, `ACS`, `NOT_ROBOTIC`, `NA`.
    pub robot_type: String,
    /// `robot.robotNumber` and `robot.robotHost`; `None` in no robot.
    pub robot: Option<(u32, String)>,
    /// `slot`; `None` in no robot.
    pub slot: Option<u32>,
    /// `volumeGroup`.
    pub group: String,
    /// `volumePool`.
    pub pool: String,
    /// `mediaStatus`, separated by spaces: `ACTIVE`, `FULL`, `FROZEN`, `SUSPENDED`,
    /// `MULTIPLEXED`, …
    pub status: String,
    /// `created`.
    pub created: Timestamp,
    /// `timeAssigned` and `lastWritten`; `None` was never written.
    pub written: Option<(Timestamp, Timestamp)>,
    /// `kiloBytes`: used.
    pub kilobytes: u64,
    /// `images` and `validImages`.
    pub images: u64,
    /// `mounts`.
    pub mounts: u64,
    /// `cleaningsRemaining`, of cleaning cartridges.
    pub cleanings: Option<u32>,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl Cartridge {
    /// An LTO cartridge in a slot of robot 0, never written.
    pub fn new(id: &str, pool: &str, created: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            media_type: "HCART3".to_owned(),
            robot_type: "TLD".to_owned(),
            robot: Some((0, "media01".to_owned())),
            slot: Some(1),
            group: "000_00000_TLD".to_owned(),
            pool: pool.to_owned(),
            status: "ACTIVE".to_owned(),
            created,
            written: None,
            kilobytes: 0,
            images: 0,
            mounts: 0,
            cleanings: None,
            shown: BTreeMap::new(),
        }
    }

    /// The same cartridge with data on it.
    pub fn written(mut self, first: Timestamp, last: Timestamp, kilobytes: u64) -> Self {
        self.written = Some((first, last));
        self.kilobytes = kilobytes;
        self.images = 1 + kilobytes / (200 * 1024 * 1024);
        self.mounts = 1 + self.images / 4;
        self
    }

    /// Whether it has data on it and room for more.
    pub(crate) fn is_partly_full(&self) -> bool {
        self.kilobytes > 0 && !self.status.contains("FULL")
    }
}

/// A volume pool (`storage.yaml GET /storage/tape-volume-pools`, from 10.4 on).
#[derive(Clone, Debug)]
pub struct VolumePool {
    /// `data[].id`: the pool's number.
    pub number: u32,
    /// `volumePoolName`.
    pub name: String,
    /// `description`.
    pub description: String,
    /// `poolType`: `REGULAR_MEDIA_POOL`, `SCRATCH_MEDIA_POOL`, …
    pub pool_type: String,
    /// `partiallyFullMedia`: cartridges with data and room for more.
    pub partly_full: u64,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl VolumePool {
    /// A regular pool.
    pub fn new(number: u32, name: &str, partly_full: u64) -> Self {
        Self {
            number,
            name: name.to_owned(),
            description: format!("Volume pool {name}"),
            pool_type: "REGULAR_MEDIA_POOL".to_owned(),
            partly_full,
            shown: BTreeMap::new(),
        }
    }
}
