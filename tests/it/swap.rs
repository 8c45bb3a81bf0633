//! Replacing the guest while the exporter runs.

mod canary;
mod capabilities;
mod counters;
mod probation;
mod rollback;
mod signature;
mod takeover;
mod trusted;
mod unfit;
mod versions;

use simulator::{Options, Simulator};
use tempfile::TempDir;
use tests::{Bench, Client, Exposition, Program, Site, guests};

const SWAPS: &str = "nbu_exporter_guest_swaps_total";
const GENERATION: &str = "nbu_exporter_guest_generation";

async fn simulator() -> Simulator {
    Simulator::start(Options::default()).await.unwrap()
}

fn paris(simulator: &Simulator) -> Site<'_> {
    Site {
        name: "paris",
        simulator,
        key: "simulator",
    }
}

fn swaps(exposition: &Exposition, result: &str) -> Option<f64> {
    exposition.value(SWAPS, &[("result", result)])
}

/// Whether the guest with that stamp has collected every collector of `site`.
fn stamped(exposition: &Exposition, site: &str, stamp: u32) -> bool {
    let labels = [("site", site), ("stamp", &stamp.to_string())];
    let value = |name| exposition.value(name, &labels);
    let expected = Some(f64::from(stamp));
    value("nbu_test_storage") == expected && value("nbu_test_jobs") == expected
}

/// The version that `nbu_exporter_guest_info` names.
fn version(exposition: &Exposition) -> String {
    let info = exposition.all("nbu_exporter_guest_info", &[]);
    let [only] = info.as_slice() else {
        panic!("not one guest: {info:?}");
    };
    only.labels["version"].clone()
}

/// The program with one site, for tests that need its log.
struct Running {
    folder: TempDir,
    program: Program,
    client: Client,
    _simulator: Simulator,
}

impl Running {
    /// Runs `steady` with the stamp 1 until it has collected the site; `guest` are
    /// keys next to `path`, `server` those of that section.
    async fn start(guest: &str, server: &str) -> Self {
        Self::start_on(&guests::behaving("steady", 1), guest, server).await
    }

    async fn start_on(bytes: &[u8], guest: &str, server: &str) -> Self {
        Self::open(TempDir::new().unwrap(), bytes, guest, server).await
    }

    /// The same with a signature next to the guest.
    async fn start_signed(bytes: &[u8], signature: &str, guest: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("guest.wasm.minisig"), signature).unwrap();
        Self::open(folder, bytes, guest, "").await
    }

    async fn open(folder: TempDir, bytes: &[u8], guest: &str, server: &str) -> Self {
        let simulator = simulator().await;
        guests::install(bytes, &folder.path().join(guests::FILE));
        let rest = format!("guest: {{ path: guest.wasm, {guest} }}\nserver: {{ {server} }}\n");
        Bench::write(folder.path(), &[paris(&simulator)], &rest);
        let mut program = Program::serve(folder.path());
        let client = Client::new(program.address().await);
        // A canary run is compared with the results of the running guest.
        tests::eventually("the running guest has read the site", async || {
            client.scrape().await.value("nbu_up", &[]) == Some(1.0)
        })
        .await;
        Self {
            folder,
            program,
            client,
            _simulator: simulator,
        }
    }

    /// Installs a guest that is rejected; returns the log line.
    async fn refused(&mut self, bytes: &[u8]) -> String {
        guests::install(bytes, &self.folder.path().join(guests::FILE));
        self.program.line("Guest refused").await
    }

    /// Installs a guest that is accepted.
    async fn taken(&mut self, bytes: &[u8]) -> Exposition {
        guests::install(bytes, &self.folder.path().join(guests::FILE));
        self.program.line("Guest swapped").await;
        self.client.scrape().await
    }
}
