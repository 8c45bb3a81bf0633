//! Integration tests, one file per topic.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod alerts;
mod architecture;
mod bundle;
mod cache;
mod cli;
mod collectors;
mod confined;
mod contract;
mod dashboards;
mod deploy;
mod docs;
mod egress;
mod ending;
mod faults;
mod files;
mod foreign;
mod freshness;
mod garbage;
mod health;
mod hostile;
mod jobs;
mod keys;
mod many_sites;
mod predecessor;
mod reload;
mod sandbox;
mod scrape;
mod secrets;
mod shards;
mod sites;
mod stalled_log;
mod state;
mod status_page;
mod storage;
mod swap;
mod swap_under_load;
#[cfg(feature = "traces")]
mod traces;
mod web;
mod week;
