//! The history of guests that survives a restart: the newest proven version of each
//! signing key, and the guest that was rolled back last. It prevents a restart from
//! running an older or a rolled back guest.

use std::collections::BTreeMap;

use semver::Version;

use crate::guest::Digest;
use crate::swap::ProvenVersion;

/// The JSON key of the rolled back guest. Differs from every digest.
const ROLLED_BACK: &str = "rolled-back";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GuestHistory {
    /// By the hexadecimal digest of the key.
    versions: BTreeMap<String, Version>,
    pub(super) rolled_back: Option<Digest>,
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

    pub(super) fn record_proven_version(&mut self, proof: &ProvenVersion) {
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
