//! For each key that guests are signed with, the newest version that has passed
//! its probation: an older guest must not come back with the next process.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use semver::Version;

use super::memory::Memory;
use crate::guest::Digest;
use crate::swap::Proof;

/// By the digest of the key, in hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Versions(BTreeMap<String, Version>);

impl Versions {
    /// From the texts of digests and versions; none if a version is invalid.
    pub(super) fn from_texts(texts: BTreeMap<String, String>) -> Option<Self> {
        let parse = |(key, version): (String, String)| Some((key, version.parse().ok()?));
        texts
            .into_iter()
            .map(parse)
            .collect::<Option<_>>()
            .map(Self)
    }

    pub(super) fn texts(&self) -> BTreeMap<&str, String> {
        self.0
            .iter()
            .map(|(key, version)| (key.as_str(), version.to_string()))
            .collect()
    }

    pub(super) fn get(&self, key: Digest) -> Option<&Version> {
        self.0.get(&key.to_string())
    }

    /// Takes what lies in a store: the newer version of both.
    pub(super) fn merge(&mut self, others: &Self) {
        for (key, version) in &others.0 {
            self.raise(key.clone(), version);
        }
    }

    fn learn(&mut self, proof: &Proof) {
        let key = proof.key.to_string();
        if proof.may_be_older {
            self.0.remove(&key);
        }
        self.raise(key, &proof.version);
    }

    fn raise(&mut self, key: String, version: &Version) {
        let known = self.0.entry(key).or_insert_with(|| version.clone());
        if *known < *version {
            known.clone_from(version);
        }
    }
}

impl Memory {
    /// The newest version of a guest signed with that key that has passed its
    /// probation.
    pub fn proven_version(&self, key: Digest) -> Option<Version> {
        self.lock().versions.get(key).cloned()
    }

    /// A guest has passed its probation. [`save`](Self::save) writes it down.
    pub(super) fn prove(&self, proof: &Proof) {
        self.lock().versions.learn(proof);
    }

    /// Writes what the store does not have yet. Blocks.
    pub(super) fn save_versions(&self) {
        let turn = self.versions_turn.lock();
        let _turn = turn.unwrap_or_else(PoisonError::into_inner);
        let (store, versions) = {
            let known = self.lock();
            let Some(store) = &known.store else { return };
            (Arc::clone(store), known.versions.clone())
        };
        store.keep_versions(&versions);
    }
}
