//! More sites than connections: 64 descriptors, of which connections to NetBackup may use 16.

use std::net::SocketAddr;

use simulator::Fault;
use tempfile::TempDir;
use tests::estates::{simulator, small};
use tests::{Exposition, Program, eventually};

use super::{configure, scrape, up, without_descriptor};

const FILES: u64 = 64;
const ENOUGH: u64 = 1024;

/// Scrapes until `wanted` holds. No scrape may fail.
async fn until(what: &str, address: SocketAddr, wanted: impl Fn(&Exposition) -> bool) {
    eventually(what, async || wanted(&scrape(address).await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_sites_than_connections_are_read_and_every_scrape_is_answered() {
    let simulator = simulator(small()).await;
    let folder = TempDir::new().unwrap();
    configure(folder.path(), "1s", &[("site", 24, simulator.address())]);
    let mut program = Program::limited(FILES, folder.path());
    let address = program.address().await;
    let _program = program.quiet();
    until("all are read", address, |page| up(page, "site") == 24).await;
    // Repeat it: connections of the last collection must not block others.
    let before = simulator.requests().total();
    until("they are read again", address, |page| {
        up(page, "site") == 24 && simulator.requests().total() > before + 240
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_without_a_descriptor_report_that_reason_until_the_limit_is_raised() {
    let (hanging, good) = (simulator(small()).await, simulator(small()).await);
    hanging.faults().set(Fault::Hanging);
    let folder = TempDir::new().unwrap();
    let servers = [
        ("hanging", 20, hanging.address()),
        ("good", 20, good.address()),
    ];
    configure(folder.path(), "1s", &servers);
    let mut program = Program::serve(folder.path());
    let address = program.address().await;
    program.limit(FILES);
    let why = "no file descriptors left: all 16 connections to NetBackup are in use";
    program.line(why).await;
    let program = program.quiet();
    until("no room is left", address, |page| {
        without_descriptor(page) > 20.0 && up(page, "good") < 20
    })
    .await;

    program.limit(ENOUGH);
    until("the good ones are read", address, |page| {
        up(page, "good") == 20
    })
    .await;
    let before = without_descriptor(&scrape(address).await);
    let asked = good.requests().total();
    until("they are read again", address, |page| {
        up(page, "good") == 20 && good.requests().total() > asked + 200
    })
    .await;
    assert_eq!(without_descriptor(&scrape(address).await), before);
}
