//! Scrapes per second of one exporter, and their latency, compared with a minimal
//! server that sends the same bytes and with the predecessor.

use std::fs;

use http::Method;
use simulator::{Estate, Options, Simulator, Unit};
use tempfile::TempDir;
use tests::{Client, Program, eventually};

use crate::child::Child;
use crate::load::{Seen, load};
use crate::process;
use crate::table::{Table, milliseconds};

/// Kilobytes of a page, and how many storage units make it.
const SIZES: [(u32, u32); 3] = [(10, 2), (100, 137), (1_000, 1_500)];

/// Page sizes, and the predecessor's scrapes per second at each size.
const PREDECESSOR: [(u32, u32, f64); 2] = [(80, 106, 959.0), (400, 591, 158.0)];

/// The factor by which the exporter should exceed the predecessor.
const TIMES: f64 = 20.0;

pub(crate) async fn measure(table: &mut Table) {
    for (kilobytes, units) in SIZES {
        let page = Served::new(units).await;
        for encoding in ["identity", "gzip"] {
            against_bare(table, kilobytes, &page, encoding).await;
        }
    }
    for (kilobytes, units, theirs) in PREDECESSOR {
        let page = Served::new(units).await;
        let seen = load(page.address, "identity").await;
        let what = format!("scrapes, {kilobytes} KB, 8 clients");
        let aim = format!("≥ {:.0} /s", theirs * TIMES);
        let how = format!(
            "{} bytes; {:.1} × the predecessor's {theirs} /s",
            seen.bytes,
            seen.rate / theirs
        );
        table.add(what, format!("{:.0} /s", seen.rate), &aim, &how);
    }
}

async fn against_bare(table: &mut Table, kilobytes: u32, page: &Served, encoding: &'static str) {
    let before = process::processor(page.program.id());
    let ours = load(page.address, encoding).await;
    let used = process::processor(page.program.id()) - before;
    let bare = page.bare(encoding).await;
    let before = process::processor(bare.id());
    let best = load(bare.address, encoding).await;
    let used_bare = process::processor(bare.id()) - before;
    let each = |seen: &Seen, used: std::time::Duration| {
        format!("{:.0} µs", used.as_secs_f64() * 1e6 / seen.answers as f64)
    };
    let latencies = |seen: &Seen| [seen.p50, seen.p99].map(milliseconds).join(" / ");
    let what = format!("scrapes, {kilobytes} KB, {encoding}");
    let share = 100.0 * ours.rate / best.rate;
    let figure = format!("{:.0} /s, {share:.0} %", ours.rate);
    let how = format!(
        "p50 / p99 {}; {} bytes; {} of processor each; bare: {:.0} /s, {}, {}",
        latencies(&ours),
        ours.bytes,
        each(&ours, used),
        best.rate,
        latencies(&best),
        each(&best, used_bare),
    );
    table.add(what, figure, "≥ 80 % of bare", &how);
}

/// An exporter with a page of this many storage units.
struct Served {
    program: Program,
    address: std::net::SocketAddr,
    folder: TempDir,
    _simulator: Simulator,
}

impl Served {
    async fn new(units: u32) -> Self {
        let mut estate = Estate::empty();
        for number in 0..units {
            let name = format!("storage-unit-{number:04}");
            estate.add_unit(Unit::new(&name, 1 << 45, (1 << 30) * u64::from(number)));
        }
        let options = Options {
            estate,
            ..Options::default()
        };
        // It is scraped once, and is idle while the exporter is measured.
        let simulator = Simulator::start(options).await.unwrap();
        let folder = TempDir::new().unwrap();
        let configuration = crate::configuration(simulator.address().port());
        fs::write(folder.path().join("config.yaml"), configuration).unwrap();
        let mut program = crate::exporter(folder.path());
        let address = program.address().await;
        let client = Client::new(address);
        eventually("the site is read", async || {
            client.scrape().await.value("nbu_up", &[]) == Some(1.0)
        })
        .await;
        Self {
            program,
            address,
            folder,
            _simulator: simulator,
        }
    }

    /// A minimal server that serves the same page.
    async fn bare(&self, encoding: &str) -> Child {
        let headers = [("accept-encoding", encoding)];
        let client = Client::new(self.address);
        let answer = client.ask(Method::GET, "/metrics", &headers).await;
        let file = self.folder.path().join(encoding);
        fs::write(&file, &answer.bytes).unwrap();
        Child::start(&[crate::BYTES, file.to_str().unwrap()]).await
    }
}
