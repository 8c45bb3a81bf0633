//! The history of guests that survives a restart: the newest proven version of each
//! signing key, and the guest that was rolled back last. It prevents a restart from
//! running an older or a rolled back guest.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use semver::Version;

use super::memory::Memory;
use super::store::Store;
use crate::guest::Digest;
use crate::swap::{ProvenVersion, RollbackStatus};

/// The JSON key of the rolled back guest. Differs from every digest.
const ROLLED_BACK: &str = "rolled-back";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GuestHistory {
    /// By the hexadecimal digest of the key.
    versions: BTreeMap<String, Version>,
    rolled_back: Option<Digest>,
}

impl GuestHistory {
    /// Parses digests and versions. `None` if any of them is invalid.
    pub(super) fn from_texts(mut texts: BTreeMap<String, String>) -> Option<Self> {
        let rolled_back = match texts.remove(ROLLED_BACK) {
            Some(digest) => Some(digest.parse().ok()?),
            None => None,
        };
        let parse = |(key, version): (String, String)| Some((key, version.parse().ok()?));
        let versions = texts.into_iter().map(parse).collect::<Option<_>>()?;
        Some(Self {
            versions,
            rolled_back,
        })
    }

    pub(super) fn texts(&self) -> BTreeMap<&str, String> {
        let versions = self.versions.iter();
        let versions = versions.map(|(key, version)| (key.as_str(), version.to_string()));
        let rolled_back = self.rolled_back.map(|it| (ROLLED_BACK, it.to_string()));
        versions.chain(rolled_back).collect()
    }

    pub(super) fn version(&self, key: Digest) -> Option<&Version> {
        self.versions.get(&key.to_string())
    }

    /// Merges the history of a store, and keeps the newer version of each key.
    pub(super) fn merge(&mut self, others: &Self) {
        for (key, version) in &others.versions {
            self.raise(key.clone(), version);
        }
        self.rolled_back = self.rolled_back.or(others.rolled_back);
    }

    fn record_proven_version(&mut self, proof: &ProvenVersion) {
        let key = proof.key.to_string();
        if proof.may_be_older {
            self.versions.remove(&key);
        }
        self.raise(key, &proof.version);
    }

    fn raise(&mut self, key: String, version: &Version) {
        let known = self.versions.entry(key).or_insert_with(|| version.clone());
        if *known < *version {
            known.clone_from(version);
        }
    }
}

impl Memory {
    /// The newest version, signed with this key, that passed its probation.
    pub fn proven_version(&self, key: Digest) -> Option<Version> {
        self.lock().guest_history.version(key).cloned()
    }

    /// Same as [`proven_version`](Self::proven_version), but also considers `store`,
    /// which may know a newer version.
    pub fn proven_version_with(&self, store: Option<&Store>, key: Digest) -> Option<Version> {
        let stored = store.and_then(|store| store.guest_history()?.version(key).cloned());
        self.proven_version(key).max(stored)
    }

    /// Whether the guest was rolled back, possibly by an earlier process.
    pub fn rollback_status(&self, guest: Digest) -> RollbackStatus {
        let mut known = self.lock();
        if !known.guest_history_read {
            let Some(found) = known.store.as_ref().and_then(|store| store.guest_history()) else {
                return RollbackStatus::Unknown;
            };
            known.guest_history.merge(&found);
            known.guest_history_read = true;
        }
        match known.guest_history.rolled_back {
            Some(failed) if failed == guest => RollbackStatus::RolledBack,
            _ => RollbackStatus::NotRolledBack,
        }
    }

    /// Sets or clears the guest that was rolled back. [`save`](Self::save) stores it.
    pub fn set_rolled_back(&self, guest: Option<Digest>) {
        self.lock().guest_history.rolled_back = guest;
    }

    /// Records that a guest passed its probation. [`save`](Self::save) stores it.
    pub(super) fn record_proven_version(&self, proof: &ProvenVersion) {
        self.lock().guest_history.record_proven_version(proof);
    }

    /// Stores the history if it changed. Blocks.
    pub(super) fn save_guest_history(&self) {
        let turn = self.guest_history_lock.lock();
        let _turn = turn.unwrap_or_else(PoisonError::into_inner);
        let (store, guest_history) = {
            let known = self.lock();
            let Some(store) = &known.store else { return };
            if !known.guest_history_read {
                return;
            }
            (Arc::clone(store), known.guest_history.clone())
        };
        store.write_guest_history(&guest_history);
    }
}
