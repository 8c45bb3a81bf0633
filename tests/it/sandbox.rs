//! Misbehaving guests, and how operators see them.

mod bomb;
mod budget;
mod collections;
mod compiler;
mod exports;
mod fairness;
mod holdings;
mod log;
mod offers;
mod secrets;

use std::fmt::Write as _;

use simulator::{Options, Simulator};
use tempfile::TempDir;
use tests::{Bench, Client, Exposition, Program, Site, guests};

use guests::GUEST;

const KEY: &str = "a-very-secret-key";

async fn simulator() -> Simulator {
    let options = Options {
        api_key: KEY.to_owned(),
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

fn site<'a>(name: &'a str, simulator: &'a Simulator) -> Site<'a> {
    Site {
        name,
        simulator,
        key: KEY,
    }
}

/// A configuration of many sites, each named after the behaviour of its guest.
fn by_site(behaviours: &[&str], simulator: &Simulator, rest: &str) -> String {
    let mut text = format!("{rest}\nnbuservers:\n");
    for behaviour in behaviours {
        let uri = format!("uri: /{behaviour}");
        write!(text, "{}", site(behaviour, simulator).yaml_with(&uri)).unwrap();
    }
    text
}

/// A host with such a configuration.
async fn everywhere(behaviours: &[&str], simulator: &Simulator, rest: &str) -> Bench {
    let folder = TempDir::new().unwrap();
    guests::install(&guests::by_site(), &folder.path().join(guests::FILE));
    let text = by_site(behaviours, simulator, rest);
    std::fs::write(folder.path().join("config.yaml"), text).unwrap();
    Bench::open(folder).await.expect("the host starts")
}

/// A host with a guest of this behaviour that collects twice a second.
async fn running(behaviour: &str, simulator: &Simulator) -> Bench {
    let rest = format!("{GUEST}server: {{ collectionInterval: 500ms }}\n");
    let guest = guests::behaving(behaviour, 1);
    Bench::start_on(&guest, &[site("paris", simulator)], &rest).await
}

/// Waits for the next collection of `paris`.
async fn collects_again(client: &Client) {
    let labels = [("site", "paris"), ("result", "success")];
    let collected = async || {
        let page = client.scrape().await;
        page.sum("nbu_exporter_collections_total", &labels)
    };
    let before = collected().await;
    let on = async || collected().await > before;
    tests::eventually("the running guest goes on", on).await;
}

/// How often a call for the site failed with that reason.
fn faults(exposition: &Exposition, site: &str, reason: &str) -> f64 {
    let labels = [("site", site), ("reason", reason)];
    exposition.sum("nbu_exporter_guest_faults_total", &labels)
}

/// How many series of the site were dropped for that reason.
fn dropped(exposition: &Exposition, site: &str, reason: &str) -> f64 {
    let labels = [("site", site), ("reason", reason)];
    exposition.sum("nbu_exporter_series_dropped_total", &labels)
}

/// The program with a guest of this behaviour; collects once.
async fn program(behaviour: &str, simulator: &Simulator) -> (TempDir, Program, Client) {
    program_within(behaviour, simulator, "").await
}

/// The same with limits such as `logLines: 1`.
async fn program_within(
    behaviour: &str,
    simulator: &Simulator,
    limits: &str,
) -> (TempDir, Program, Client) {
    program_of(behaviour, simulator, limits, "").await
}

/// The same with keys of `server:` such as `logFormat: json`.
async fn program_of(
    behaviour: &str,
    simulator: &Simulator,
    limits: &str,
    server: &str,
) -> (TempDir, Program, Client) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(guests::FILE);
    guests::install(&guests::behaving(behaviour, 1), &file);
    let rest = format!(
        "guest: {{ path: guest.wasm, limits: {{ {limits} }} }}\n\
         server: {{ collectionInterval: 1h, {server} }}\n"
    );
    Bench::write(folder.path(), &[site("paris", simulator)], &rest);
    let mut program = Program::serve(folder.path());
    let client = Client::new(program.address().await);
    (folder, program, client)
}
