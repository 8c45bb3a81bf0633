//! Processes that share five hundred sites.

use std::collections::BTreeMap;

use tempfile::TempDir;
use tests::{Program, eventually};

use super::{configure, scrape, server};

const SITES: usize = 500;

/// Starts the replicas, waits until all sites are up, and returns the replica of each site.
async fn owners(folder: &TempDir, count: usize) -> BTreeMap<String, usize> {
    let mut replicas = Vec::new();
    for index in 0..count {
        let arguments = [
            "--config.file=config.yaml",
            "--web.listen-address=127.0.0.1:0",
            &format!("--shard.count={count}"),
            &format!("--shard.index={index}"),
        ];
        let path = Program::path("nbu_exporter");
        let mut program = Program::of(&path, &arguments, folder.path());
        let address = program.address().await;
        replicas.push((program.quiet(), address));
    }
    let mut owners = BTreeMap::new();
    eventually("all sites are up", async || {
        for (index, (_, address)) in replicas.iter().enumerate() {
            for sample in scrape(*address).await.all("nbu_up", &[]) {
                let site = sample.labels["site"].clone();
                let earlier = owners.insert(site, index);
                assert!(
                    earlier.is_none_or(|it| it == index),
                    "a site has two replicas"
                );
            }
        }
        owners.len() == SITES
    })
    .await;
    owners
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes and both processors: `make verify`"]
async fn a_sixth_replica_takes_over_its_share_and_no_other_site_moves() {
    let folder = TempDir::new().unwrap();
    let (_server, server) = server(&folder).await;
    configure(folder.path(), "60s", &[("site", SITES, server)]);
    let five = owners(&folder, 5).await;
    let six = owners(&folder, 6).await;
    let moved: Vec<_> = five
        .iter()
        .filter(|(site, old)| six[*site] != **old)
        .collect();
    println!("{} of {SITES} sites moved", moved.len());
    assert!(moved.iter().all(|(site, _)| six[*site] == 5));
    assert!(moved.len() <= SITES / 5 + SITES / 25, "{}", moved.len());
}
