//! Images under a storage lifecycle policy.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// An image that a storage lifecycle policy manages (`catalog.yaml GET
/// /catalog/slp-images`).
#[derive(Clone, Debug)]
pub struct SlpImage {
    /// `clientName`, the first half of the id.
    pub client: String,
    /// `backupTime`, the second half of the id.
    pub backup_time: Timestamp,
    /// `slpName`.
    pub slp: String,
    /// `slpImageState`: `NOT_STARTED`, `IN_PROCESS`, `COMPLETE`,
    /// `NOT_STARTED|INACTIVE`, …
    pub state: String,
    /// `copies`, each with its type and state.
    pub copies: Vec<(String, String)>,
    /// Attributes that replace those above in an answer; `None` omits one.
    pub shown: BTreeMap<String, Option<Value>>,
}

impl SlpImage {
    /// A backup that waits for its duplication.
    pub fn new(client: &str, slp: &str, backup_time: Timestamp) -> Self {
        let copy = |kind: &str, state: &str| (kind.to_owned(), state.to_owned());
        Self {
            client: client.to_owned(),
            backup_time,
            slp: slp.to_owned(),
            state: "NOT_STARTED".to_owned(),
            copies: vec![
                copy("BACKUP", "COPYCOMPLETE"),
                copy("DUPLICATE", "NOT_STARTED"),
            ],
            shown: BTreeMap::new(),
        }
    }

    /// The same image in another state, its last copy too.
    pub fn in_state(mut self, image: &str, copy: &str) -> Self {
        image.clone_into(&mut self.state);
        if let Some((_, state)) = self.copies.last_mut() {
            copy.clone_into(state);
        }
        self
    }

    /// `data[].id` and `backupId`.
    pub fn id(&self) -> String {
        format!("{}_{}", self.client, self.backup_time.as_second())
    }
}
