//! Media servers.

use std::collections::BTreeMap;

use serde_json::Value;

/// A media server (`config.yaml GET /config/media-servers`).
#[derive(Clone, Debug)]
pub struct MediaServer {
    /// `hostName`, and the id.
    pub name: String,
    /// `osType`.
    pub os: String,
    /// `nbuVersion`.
    pub version: String,
    /// `isMachineUp`.
    pub up: bool,
    /// `status.name`: `ACTIVE_FOR_TAPE_AND_DISK`, `ACTIVE_FOR_DISK`, `DEACTIVATED`,
    /// `OFFLINE`, …
    pub status: String,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl MediaServer {
    /// A server that is up and active for tape and disk.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            os: "Linux".to_owned(),
            version: "10.3".to_owned(),
            up: true,
            status: "ACTIVE_FOR_TAPE_AND_DISK".to_owned(),
            shown: BTreeMap::new(),
        }
    }

    /// The same server, not reachable.
    pub fn offline(self) -> Self {
        Self {
            up: false,
            status: "OFFLINE".to_owned(),
            ..self
        }
    }
}
