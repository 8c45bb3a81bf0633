//! Storage units and disk pools.

use std::collections::BTreeMap;

use serde_json::Value;

/// A storage unit (`storage.yaml GET /storage/storage-units`). Sizes in bytes.
#[derive(Clone, Debug)]
pub struct Unit {
    /// `name`, and the id.
    pub name: String,
    /// `storageCategory`: `MSDP`, `CLOUD`, `TAPE`, …
    pub category: String,
    /// `storageType`, free text.
    pub storage_type: String,
    /// `storageSubType`, free text.
    pub sub_type: String,
    /// `storageServerType`, free text.
    pub server_type: String,
    /// `totalCapacityBytes`; `None` is absent, as for cloud.
    pub total: Option<u64>,
    /// `usedCapacityBytes`.
    pub used: Option<u64>,
    /// `freeCapacityBytes`.
    pub free: Option<u64>,
    /// `maxConcurrentJobs`, of a tape unit `maxConcurrentDrives`.
    pub max_concurrent: u32,
    /// `maxFragmentSizeMegabytes`, MB.
    pub max_fragment_megabytes: u64,
    /// `wormCapable`.
    pub worm_capable: bool,
    /// `useWorm`.
    pub use_worm: bool,
    /// `replicationCapable`.
    pub replication: bool,
    /// `instantAccessEnabled`.
    pub instant_access: bool,
    /// The id of its disk pool; `None` for tape.
    pub pool: Option<String>,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl Unit {
    /// A deduplicating unit with `total` and `used` bytes.
    pub fn new(name: &str, total: u64, used: u64) -> Self {
        Self {
            name: name.to_owned(),
            category: "MSDP".to_owned(),
            storage_type: "Disk".to_owned(),
            sub_type: "DiskPool".to_owned(),
            server_type: "PureDisk".to_owned(),
            total: Some(total),
            used: Some(used),
            free: Some(total.saturating_sub(used)),
            max_concurrent: 20,
            max_fragment_megabytes: 51_200,
            worm_capable: false,
            use_worm: false,
            replication: true,
            instant_access: true,
            pool: None,
            shown: BTreeMap::new(),
        }
    }

    /// A unit of a kind without capacities: `CLOUD` or `TAPE`.
    pub fn without_capacity(name: &str, category: &str, server_type: &str) -> Self {
        Self {
            category: category.to_owned(),
            storage_type: if category == "TAPE" { "Tape" } else { "Disk" }.to_owned(),
            server_type: server_type.to_owned(),
            total: None,
            used: None,
            free: None,
            max_fragment_megabytes: if category == "TAPE" {
                1_048_576
            } else {
                524_288
            },
            replication: false,
            instant_access: false,
            ..Self::new(name, 0, 0)
        }
    }

    /// Puts the unit on a pool.
    pub fn on(mut self, pool: &Pool) -> Self {
        self.pool = Some(pool.id());
        self
    }
}

/// A disk pool (`storage.yaml GET /storage/disk-pools`). Sizes in bytes.
#[derive(Clone, Debug)]
pub struct Pool {
    /// `name`.
    pub name: String,
    /// `sType`, the first half of the id.
    pub s_type: String,
    /// `storageCategory`: as of a unit, without tape and basic disk.
    pub category: String,
    /// The name of its storage server.
    pub server: String,
    /// `diskPoolState`: `UP`, `DOWN`, `TRANSIENT`.
    pub state: String,
    /// `diskVolumes`.
    pub volumes: Vec<Volume>,
    /// `highWaterMark`, percent.
    pub high_water_mark: u32,
    /// `lowWaterMark`, percent.
    pub low_water_mark: u32,
    /// `rawSizeBytes`; `None` is absent.
    pub raw: Option<u64>,
    /// `usableSizeBytes`.
    pub usable: Option<u64>,
    /// `usedCapacityBytes`.
    pub used: Option<u64>,
    /// `availableSpaceBytes`.
    pub available: Option<u64>,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

/// A volume of a disk pool.
#[derive(Clone, Debug)]
pub struct Volume {
    /// `name`.
    pub name: String,
    /// `state`: `UP`, `DOWN`, `UNKNOWN`.
    pub state: String,
    /// `rawSizeBytes`.
    pub raw: Option<u64>,
    /// `freeSizeBytes`.
    pub free: Option<u64>,
}

impl Pool {
    /// A deduplicating pool that is up, with one volume. A fiftieth of the raw
    /// size is not usable.
    pub fn new(name: &str, raw: u64, used: u64) -> Self {
        let usable = raw - raw / 50;
        let available = usable.saturating_sub(used);
        Self {
            name: name.to_owned(),
            s_type: "PureDisk".to_owned(),
            category: "MSDP".to_owned(),
            server: "media01".to_owned(),
            state: "UP".to_owned(),
            volumes: vec![Volume::new("PureDiskVolume", raw, available)],
            high_water_mark: 98,
            low_water_mark: 80,
            raw: Some(raw),
            usable: Some(usable),
            used: Some(used),
            available: Some(available),
            shown: BTreeMap::new(),
        }
    }

    /// `data[].id`: `sType:name`, as seen on real servers.
    pub fn id(&self) -> String {
        format!("{}:{}", self.s_type, self.name)
    }
}

impl Volume {
    /// A volume that is up.
    pub fn new(name: &str, raw: u64, free: u64) -> Self {
        Self {
            name: name.to_owned(),
            state: "UP".to_owned(),
            raw: Some(raw),
            free: Some(free),
        }
    }
}
