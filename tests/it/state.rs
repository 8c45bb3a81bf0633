//! With `server.stateDir` the counters survive any end of the process.

mod files;
mod folder;
mod killed;
mod swapped;

use std::path::Path;

use simulator::{Options, Simulator};
use tests::{Bench, Client, Exposition, Program, Site, eventually, guests};

const FAILURES: &str = "nbu_exporter_state_write_failures_total";
/// Collects only at the start and at every change.
const HOURLY: &str = "collectionInterval: 1h, stateDir: state";
const OFTEN: &str = "collectionInterval: 50ms, cacheTTL: 1ms, stateDir: state";

async fn simulator() -> Simulator {
    Simulator::start(Options::default()).await.unwrap()
}

/// Writes a configuration with the guest that counts its collections.
fn configure(folder: &Path, sites: &[Site<'_>], server: &str) {
    let rest = format!("guest: {{ path: guest.wasm }}\nserver: {{ {server} }}\n");
    Bench::write(folder, sites, &rest);
    guests::install(&guests::behaving("count", 1), &folder.join(guests::FILE));
}

/// The number of collections of a collector that the guest with that stamp reports,
/// over all guests and processes.
fn counted(page: &Exposition, site: &str, stamp: &str) -> Option<f64> {
    page.value("nbu_test_jobs", &[("site", site), ("stamp", stamp)])
}

/// One process.
struct Life {
    program: Program,
    client: Client,
}

impl Life {
    async fn begin(folder: &Path) -> Self {
        let mut program = Program::serve(folder);
        let client = Client::new(program.address().await);
        Self { program, client }
    }

    /// Scrapes until `wanted` holds.
    async fn until(&self, what: &str, wanted: impl Fn(&Exposition) -> bool) -> Exposition {
        let mut found = None;
        eventually(what, async || {
            let page = self.client.scrape().await;
            let holds = wanted(&page);
            found = Some(page);
            holds
        })
        .await;
        found.unwrap()
    }

    /// The first value that the guest with that stamp reports for a site.
    async fn first(&self, site: &str, stamp: &str) -> f64 {
        let page = self.until("the site is read", |e| counted(e, site, stamp).is_some());
        counted(&page.await, site, stamp).unwrap()
    }

    /// Kills it with SIGKILL.
    async fn kill(mut self) {
        self.program.signal("KILL").await;
        self.program.wait().await;
    }
}
