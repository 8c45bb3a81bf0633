//! Storage servers.

use std::collections::BTreeMap;

use serde_json::Value;

/// A storage server (`storage.yaml GET /storage/storage-servers`).
#[derive(Clone, Debug)]
pub struct StorageServer {
    /// `name`.
    pub name: String,
    /// `sType`, the first half of the id.
    pub s_type: String,
    /// `storageCategory`: `MSDP`, `ADVANCED_DISK`, `CLOUD`, `CLOUD_CATALYST`,
    /// `OPEN_STORAGE`.
    pub category: String,
    /// `storageServerState`: `UP`, `DOWN`.
    pub state: String,
    /// `nbuHostVersion`.
    pub version: String,
    /// `storageUnits`.
    pub units: Vec<String>,
    /// `isWormSupported`.
    pub worm: bool,
    /// `nbuStatusCode`, of a server that was read in part.
    pub status_code: Option<u64>,
    /// `msdpAttributes`; `None` in other categories.
    pub msdp: Option<Msdp>,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

/// What a deduplicating storage server holds, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Msdp {
    /// `storagePoolDetails.rawSizeBytes`.
    pub raw: u64,
    /// `storagePoolDetails.reservedSpaceBytes`.
    pub reserved: u64,
    /// `storagePoolDetails.usedSpaceBytes`: after deduplication.
    pub used: u64,
    /// `catalogLogicalSizeBytes`: before deduplication.
    pub logical: u64,
    /// `catalogFilesCount`, files.
    pub files: u64,
}

impl StorageServer {
    /// A deduplicating server that is up.
    pub fn new(name: &str, msdp: Msdp) -> Self {
        Self {
            name: name.to_owned(),
            s_type: "PureDisk".to_owned(),
            category: "MSDP".to_owned(),
            state: "UP".to_owned(),
            version: "10.3".to_owned(),
            units: Vec::new(),
            worm: false,
            status_code: None,
            msdp: Some(msdp),
            shown: BTreeMap::new(),
        }
    }

    /// A server of another category, without figures.
    pub fn without_figures(name: &str, category: &str, s_type: &str) -> Self {
        Self {
            s_type: s_type.to_owned(),
            category: category.to_owned(),
            msdp: None,
            ..Self::new(name, Msdp::new(0, 0, 0))
        }
    }

    /// `data[].id`: `sType:name`.
    pub fn id(&self) -> String {
        format!("{}:{}", self.s_type, self.name)
    }
}

impl Msdp {
    /// A pool of `raw` bytes, of which a fiftieth is reserved, with `logical`
    /// bytes deduplicated into `used`.
    pub fn new(raw: u64, used: u64, logical: u64) -> Self {
        Self {
            raw,
            reserved: raw / 50,
            used,
            logical,
            files: logical / (1 << 20),
        }
    }

    /// `storagePoolDetails.sizeBytes`: without the reserved space.
    pub fn size(&self) -> u64 {
        self.raw.saturating_sub(self.reserved)
    }

    /// `storagePoolDetails.availableSpaceBytes`.
    pub fn available(&self) -> u64 {
        self.size().saturating_sub(self.used)
    }

    /// `deduplicationRatioPercentage`: the share that was saved, in percent.
    pub fn saved_percent(&self) -> f64 {
        if self.logical == 0 {
            return 0.0;
        }
        (100.0 - 100.0 * self.used as f64 / self.logical as f64).max(0.0)
    }
}
