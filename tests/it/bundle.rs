//! Recorded collections: what a bundle holds, and what it is good for.

mod diff;
mod recorded;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Output;

use flate2::read::GzDecoder;
use simulator::{Clock, Estate, Options, Release, Simulator};
use tempfile::TempDir;
use tests::{Program, Site};
use tokio::sync::OnceCell;

/// A key of the length of NetBackup's.
const KEY: &str = "A3F9-recorded-key-that-is-in-no-answer-0123456789-abcdefghij";

/// Some listed clients of the estate, one in another case, and one that does not exist.
const CLIENTS: [&str; 4] = ["par-sql004", "par-ora003", "PAR-WIN005", "par-nobody"];

/// All collectors are on. The legacy names come with every collector too.
const REST: &str = "metrics: { legacyNames: true }
collectors:
  alerts: { enabled: true }
  malware: { enabled: true }
  slo: { enabled: true }
  tape: { enabled: true }
  slp: { enabled: true }
  mediaServers: { enabled: true }
  anomalies: { enabled: true }
  security: { enabled: true }
  posture: { enabled: true }
  licence: { enabled: true }
  policies: { enabled: true }
  catalog: { enabled: true, window: 36h }";

async fn server(release: Release) -> Simulator {
    let now = Clock::System.now();
    let options = Options {
        release,
        api_key: KEY.to_owned(),
        clock: Clock::manual(now),
        estate: Estate::lively_in("par", 1, now),
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

/// A folder with a configuration for this server.
fn folder(simulator: &Simulator) -> TempDir {
    let clients = format!("  perClient: {{ enabled: true, allowlist: {CLIENTS:?} }}");
    folder_of(&format!("{REST}\n{clients}"), simulator)
}

/// The same with these settings.
fn folder_of(rest: &str, simulator: &Simulator) -> TempDir {
    let folder = TempDir::new().unwrap();
    let site = Site {
        name: "paris-east",
        simulator,
        key: KEY,
    };
    let text = format!("{rest}\nnbuservers:\n{}", site.yaml());
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    folder
}

async fn record(folder: &Path, more: &[&str]) -> Output {
    let arguments = ["record", "--site", "paris-east", "-o", "site.bundle"];
    let output = Program::output(&[&arguments[..], more].concat(), folder).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    output
}

/// The content of the bundle, decompressed.
fn content(folder: &Path) -> String {
    let file = fs::File::open(folder.join("site.bundle")).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

/// A folder with the bundle of one recording, which several tests share.
pub(crate) async fn recorded() -> TempDir {
    static BUNDLE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let bundle = BUNDLE.get_or_init(async || {
        let simulator = server(Release::V11_2).await;
        let folder = folder(&simulator);
        record(folder.path(), &[]).await;
        fs::read(folder.path().join("site.bundle")).unwrap()
    });
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("site.bundle"), bundle.await).unwrap();
    folder
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
