//! Figures of this machine, as one table. `make bench` runs it on the release
//! build; each file here measures one thing and says how.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a figure that cannot be measured ends the bench"
)]

mod bare;
mod child;
mod collection;
mod guest;
mod jobs;
mod load;
mod process;
mod render;
mod row;
mod sandbox;
mod scrapes;
mod site;
mod start;
mod table;
mod upstream;

use std::time::Duration;

use table::Table;
use tests::Program;
use tokio::runtime::Runtime;

/// How long to wait for an expected event.
const PATIENCE: Duration = Duration::from_secs(300);

/// The roles of this program as a child process.
const JOBS: &str = "serve-jobs";
const BYTES: &str = "serve-bytes";

/// The measurements, in the order of the table.
const ALL: [&str; 6] = [
    "start",
    "guest",
    "render",
    "scrapes",
    "collection",
    "upstream",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = Runtime::new().unwrap();
    match arguments.split_first() {
        Some((what, rest)) if what == JOBS => runtime.block_on(jobs::serve(rest)),
        Some((what, rest)) if what == BYTES => runtime.block_on(bare::serve(rest)),
        _ if arguments.iter().any(|argument| argument == "--bench") => {
            runtime.block_on(measure(&arguments));
        }
        // `cargo test --benches` only checks that the program builds and runs.
        _ => {}
    }
}

/// All measurements, or those named on the command line.
async fn measure(arguments: &[String]) {
    let named = |name: &str| arguments.iter().any(|argument| argument == name);
    let all = !ALL.iter().any(|name| named(name));
    let mut table = Table::default();
    for name in ALL.into_iter().filter(|name| all || named(name)) {
        match name {
            "start" => start::measure(&mut table).await,
            "guest" => guest::measure(&mut table).await,
            "render" => render::measure(&mut table),
            "scrapes" => scrapes::measure(&mut table).await,
            "collection" => collection::measure(&mut table).await,
            _ => upstream::measure(&mut table).await,
        }
    }
    table.print();
}

/// The configuration of one site over plain HTTP that is collected only once.
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
