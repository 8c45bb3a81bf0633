//! Figures of this machine, as one table. `make bench` runs it on the release
//! build; each file here measures one thing and says how.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a figure that cannot be measured ends the bench"
)]

mod collection;
mod guest;
mod replay;
mod scrapes;
mod start;
mod table;

use std::time::Duration;

use table::Table;
use tests::Program;
use tokio::runtime::Runtime;

/// For whatever must happen.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() {
    // `cargo test --benches` only wants to know that it builds and runs.
    if std::env::args().all(|argument| argument != "--bench") {
        return;
    }
    let runtime = Runtime::new().unwrap();
    let mut table = Table::default();
    runtime.block_on(async {
        start::measure(&mut table).await;
        guest::measure(&mut table).await;
        scrapes::measure(&mut table).await;
        collection::measure(&mut table).await;
    });
    table.print();
}

/// The configuration of one site over plain HTTP, read once and then left alone.
fn configuration(port: u16) -> String {
    format!(
        "server: {{ collectionInterval: 24h, cacheTTL: 24h, logLevel: info }}\n\
         nbuserver: {{ site: bench, scheme: http, host: 127.0.0.1, port: {port}, apiKey: simulator }}\n"
    )
}

/// The exporter on a configuration in `folder`, on a free port.
fn exporter(folder: &std::path::Path) -> Program {
    let flags = [
        "--config.file=config.yaml",
        "--web.listen-address=127.0.0.1:0",
    ];
    Program::start(&flags, folder)
}
