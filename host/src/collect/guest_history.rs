//! Verdicts on guests that outlive the process: for each key that guests are signed
//! with, the newest version that has passed its probation, since an older guest must
//! not come back with the next process; and the guest that was rolled back last,
//! since a restart must not bring that back either.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use semver::Version;

use super::memory::Memory;
use super::store::Store;
use crate::guest::Digest;
use crate::swap::{ProvenVersion, RollbackStatus};

/// The key of the guest that was rolled back. No digest has such a name.
const ROLLED_BACK: &str = "rolled-back";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GuestHistory {
    /// By the digest of the key, in hexadecimal digits.
    versions: BTreeMap<String, Version>,
    rolled_back: Option<Digest>,
}

impl GuestHistory {
    /// From the texts of digests and versions; none if one of them is invalid.
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

    /// Takes what lies in a store: the newer version of both.
    pub(super) fn merge(&mut self, others: &Self) {
        for (key, version) in &others.versions {
            self.raise(key.clone(), version);
        }
        self.rolled_back = self.rolled_back.or(others.rolled_back);
    }

    fn record_proven(&mut self, proof: &ProvenVersion) {
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
    /// The newest version of a guest signed with that key that has passed its
    /// probation.
    pub fn proven_version(&self, key: Digest) -> Option<Version> {
        self.lock().guest_history.version(key).cloned()
    }

    /// The same, where `store` will be used, which may know a newer one.
    pub fn proven_version_with(&self, store: Option<&Store>, key: Digest) -> Option<Version> {
        let stored = store.and_then(|store| store.guest_history()?.version(key).cloned());
        self.proven_version(key).max(stored)
    }

    /// What earlier runs found out about that guest.
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

    /// Remembers, or forgets, which guest was rolled back. [`save`](Self::save)
    /// writes it down.
    pub fn set_rolled_back(&self, guest: Option<Digest>) {
        self.lock().guest_history.rolled_back = guest;
    }

    /// A guest has passed its probation. [`save`](Self::save) writes it down.
    pub(super) fn prove(&self, proof: &ProvenVersion) {
        self.lock().guest_history.record_proven(proof);
    }

    /// Writes what the store does not have yet. Blocks.
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
