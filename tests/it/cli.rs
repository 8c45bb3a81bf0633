//! The command line of the program: commands, exit codes, streams and signals.

mod ask;
mod commands;
mod failure_log;
mod kit;
mod machine;
mod mistakes;
mod serving;

use std::fs;
use std::path::Path;

use simulator::{Clock, Estate, Options, Simulator};
use tempfile::TempDir;

async fn lively() -> Simulator {
    let estate = Estate::lively(1, Clock::System.now());
    let options = Options {
        estate,
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

/// A directory with a `config.yaml`, to which `rest` is appended.
fn folder(sites: &[(&str, &Simulator)], rest: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    write(&folder.path().join("config.yaml"), sites, rest);
    folder
}

fn write(file: &Path, sites: &[(&str, &Simulator)], rest: &str) {
    let site = |(name, simulator): &(&str, &Simulator)| {
        let key = "simulator";
        tests::Site {
            name,
            simulator,
            key,
        }
        .yaml()
    };
    let list: String = sites.iter().map(site).collect();
    fs::write(file, format!("{rest}\nnbuservers:\n{list}")).unwrap();
}
