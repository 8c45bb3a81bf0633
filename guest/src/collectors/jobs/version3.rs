//! The saved state of version 3, which is converted once.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::totals::{Totals, Work};
use crate::ledger::counter::Counter;
use crate::ledger::version3::SavedLedger3;

/// The saved state of version 3.
#[derive(Deserialize)]
pub(super) struct JobsState3 {
    pub(super) ledger: SavedLedger3,
    pub(super) totals: Totals3,
}

#[derive(Deserialize)]
pub(super) struct Totals3 {
    by_status: BTreeMap<[String; 3], Counter<Work>>,
    by_policy: BTreeMap<[String; 2], Counter<Effort3>>,
}

#[derive(Deserialize)]
struct Effort3 {
    files: u64,
    _durations: Durations3,
}

/// They have no status class, so the histogram restarts.
#[derive(Deserialize)]
struct Durations3 {
    _buckets: [u64; 9],
    _sum: u64,
    _count: u64,
}

impl Totals3 {
    /// The counters, without durations.
    pub(super) fn convert(self) -> Totals {
        let files = self.by_policy.into_iter();
        let files = files.map(|(labels, effort)| (labels, effort.map(|it| it.files)));
        Totals {
            finished: self.by_status,
            files: files.collect(),
            ..Totals::default()
        }
    }
}
