//! Every key of the configuration is changed while the exporter runs. The predecessor
//! read many keys only at its start.
//!
//! Each file lists the keys that its tests change; together these are all keys that
//! the configuration's parser knows.

mod accepted;
mod address;
mod clockwork;
mod egress;
mod guest;
mod limits;
mod listener;
mod log;
mod sites;
mod state;
mod timeouts;
mod trust;
mod web;

use std::collections::BTreeSet;
use std::fs;

use nbu_exporter::config::{self, Overrides};
use nbu_exporter::guest::Manifest;
use simulator::{Clock, Estate, Options, Simulator};
use tempfile::TempDir;

/// A section of the configuration, and its keys.
type Keys = (&'static str, &'static [&'static str]);

#[test]
fn every_key_that_is_read_is_changed_by_a_test() {
    let covered = [
        accepted::KEYS,
        address::KEYS,
        clockwork::KEYS,
        egress::KEYS,
        guest::KEYS,
        limits::KEYS,
        listener::KEYS,
        log::KEYS,
        sites::KEYS,
        state::KEYS,
        timeouts::KEYS,
        trust::KEYS,
        web::KEYS,
    ];
    let full = |(place, keys): &Keys| {
        let join = |key: &&str| format!("{place}.{key}");
        keys.iter().map(join).collect::<Vec<_>>()
    };
    let covered: BTreeSet<_> = covered.concat().iter().flat_map(full).collect();
    assert_eq!(covered, known());
}

/// A guest without options.
fn no_options() -> Manifest {
    Manifest {
        name: String::new(),
        version: String::new(),
        collectors: Vec::new(),
        highlights: Vec::new(),
    }
}

#[test]
fn every_key_that_is_read_is_in_the_reference() {
    let maps = config::reference(&no_options()).configuration;
    let paths = maps.iter().map(|map| &map.path);
    let keys = maps.iter().flat_map(|map| &map.keys).map(|key| &key.path);
    let documented: BTreeSet<_> = paths.chain(keys).map(String::as_str).collect();
    let known = known();
    let known = known.iter().map(|key| key.trim_start_matches('.'));
    let missing: Vec<_> = known.filter(|key| !documented.contains(key)).collect();
    assert!(missing.is_empty(), "not in the reference: {missing:?}");
}

/// Every key that the parser knows: the error about an unknown key in each section
/// lists them.
fn known() -> BTreeSet<String> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.yaml");
    let text = "{ zz: 0, server: { zz: 0 }, guest: { zz: 0, limits: { zz: 0 }, canary: { zz: 0 }, probation: { zz: 0 } }, metrics: { zz: 0 },
        opentelemetry: { zz: 0 }, collectors: {},
        nbuserver: { zz: 0, timeouts: { zz: 0 } },
        nbuservers: [{ zz: 0, timeouts: { zz: 0 } }] }";
    fs::write(&file, text).unwrap();
    let said = config::load(&file, &Overrides::default(), &|_| None).unwrap_err();
    let mut known = BTreeSet::new();
    for problem in said.problems {
        let Some(place) = problem.at.strip_suffix("zz") else {
            continue;
        };
        let place = place.trim_end_matches('.').replace("[0]", "");
        // A single site and the sites of a list have the same keys.
        let place = place.replace("nbuservers", "nbuserver");
        let hint = problem.hint.unwrap();
        let keys = hint.strip_prefix("known keys: ").expect(&hint);
        known.extend(keys.split(", ").map(|key| format!("{place}.{key}")));
    }
    known
}

/// A simulator with some data, over plain HTTP.
async fn lively() -> Simulator {
    let estate = Estate::lively(1, Clock::System.now());
    let options = Options {
        estate,
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

/// A configuration with the site `paris` at a simulator; `keys` are additional keys
/// of the site, and `rest` are the other sections.
fn paris(simulator: &Simulator, keys: &str, rest: &str) -> String {
    let port = simulator.address().port();
    let (scheme, _) = simulator.url().split_once(':').unwrap();
    format!(
        "nbuservers:\n  - {{ site: paris, scheme: {scheme}, host: 127.0.0.1, port: {port}, {keys} }}\n\
         {rest}\n"
    )
}

/// The default key of simulators.
const KEY: &str = "apiKey: simulator";
/// For a test that waits for more than the first collection.
const OFTEN: &str = "collectionInterval: 100ms";
