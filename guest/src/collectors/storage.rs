//! Storage units and disk pools.
//!
//! Capacity truth is the pool: units that share one each report it.

mod pools;
mod units;

use std::collections::{BTreeMap, HashMap};

use futures::future::{LocalBoxFuture, join};
use serde::Deserialize;

use super::{Collected, Collector, Context, Reading, both};
use crate::manifest::DescribedFamily;

/// In the register.
pub const COLLECTOR: Collector = Collector {
    name: "storage",
    summary: "Storage units and disk pools: capacity, state and limits",
    paths: &[units::ENDPOINT, pools::ENDPOINT],
    cached: true,
    state_version: 0,
    families,
    check: |options| serde_json::from_str::<Options>(options).map(drop),
    collect,
};

/// The most rows of a page that both lists give (`storage.yaml GET
/// /storage/storage-units` and `GET /storage/disk-pools`, `page[limit]`).
const PAGE_LIMIT: u32 = 500;

/// None yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

fn families() -> Vec<DescribedFamily> {
    [units::describe(), pools::describe()].concat()
}

fn collect<'a>(context: &'a Context<'a>) -> LocalBoxFuture<'a, Reading> {
    Box::pin(async {
        let (units, pools) = join(units::read(context.client), pools::read(context.client)).await;
        let (units, pools) = both(units, pools)?;
        let mut families = units::families(&units);
        families.extend(pools::families(&pools, context.legacy_names));
        Ok(Collected {
            families,
            state: None,
        })
    })
}

/// Rows by their `id`, and a name for each that no other has.
///
/// A row that comes twice, because the list moved while it was paged, counts
/// once, as it was last seen. Rows of one name but of different ids are told
/// apart: each is then named by its id.
#[derive(Debug)]
struct Named<T> {
    rows: BTreeMap<String, (Option<String>, T)>,
}

impl<T> Named<T> {
    fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
        }
    }

    /// `id` falls back on the name; a row with neither is left out.
    fn insert(&mut self, id: Option<String>, name: Option<String>, row: T) {
        if let Some(id) = id.or_else(|| name.clone()) {
            self.rows.insert(id, (name, row));
        }
    }

    /// Each row with its name.
    fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        let mut times = HashMap::new();
        for (id, (name, _)) in &self.rows {
            *times.entry(name.as_ref().unwrap_or(id)).or_insert(0_u32) += 1;
        }
        self.rows.iter().map(move |(id, (name, row))| {
            let name = name.as_ref().unwrap_or(id);
            let alone = times.get(name).is_some_and(|&times| times == 1);
            (if alone { name } else { id }.as_str(), row)
        })
    }
}
