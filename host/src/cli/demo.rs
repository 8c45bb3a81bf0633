//! Serve two simulated NetBackup servers in this process, with a configuration file
//! that can be edited while the demo runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use simulator::{Authority, Clock, Estate, Options as Simulated, Release, Simulator};
use tempfile::TempDir;

use super::ProcessSetup;
use super::args::{DEMO_ADDRESS, Options};
use super::check::refused;
use super::inspect::load_patiently;
use super::serve::serve;
use crate::app::{ConfigSource, ExitError};
use crate::guest::{Engine, built_in};
use crate::swap::GuestFile;

/// The keys of the simulated servers, which need no protection.
const PARIS_KEY: &str = "paris-demo-key";
const LYON_KEY: &str = "lyon-demo-key";

/// Both sites and the folder with the configuration, removed when dropped.
struct Demo {
    folder: TempDir,
    _sites: [Simulator; 2],
}

pub(super) async fn run(
    options: &Options,
    engine: Arc<Engine>,
    guest: Option<&Path>,
    process: ProcessSetup,
) -> Result<(), ExitError> {
    let collectors = match guest {
        Some(file) => {
            println!("Compiling      {}", file.display());
            collectors_of(&engine, file).await?
        }
        None => enabled(COLLECTORS.into_iter()),
    };
    let demo = start(guest, &collectors).await;
    let demo =
        demo.map_err(|error| ExitError::Command(format!("cannot start the demo: {error}")))?;
    let mut overrides = options.overrides();
    if overrides.listen.is_empty() {
        overrides.listen.push(DEMO_ADDRESS.to_owned());
    }
    let file = demo.folder.path().join("config.yaml");
    let path = overrides.metrics_path.as_deref().unwrap_or("/metrics");
    for listen in &overrides.listen {
        println!("Metrics        http://{listen}{path}");
    }
    println!(
        "Configuration  {}  (edit it while the demo runs)",
        file.display()
    );
    println!("Stop           Ctrl-C\n");
    let source = ConfigSource {
        path: file,
        overrides,
    };
    serve(source, engine, process).await
}

/// Enables every collector that the guest of a file declares.
async fn collectors_of(engine: &Arc<Engine>, file: &Path) -> Result<String, ExitError> {
    let offered = GuestFile::read(Some(file)).await.map_err(refused)?;
    let guest = load_patiently(engine, offered.bytes).await?;
    let names = guest
        .manifest()
        .collectors
        .iter()
        .map(|it| it.name.as_str());
    Ok(enabled(names))
}

/// The section `collectors` that enables these.
fn enabled<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let keys = names.map(|name| match name {
        "perClient" => format!("\n  perClient:{CLIENTS}"),
        _ => format!("\n  {name}: {{ enabled: true }}"),
    });
    keys.collect()
}

async fn start(guest: Option<&Path>, collectors: &str) -> io::Result<Demo> {
    let folder = tempfile::Builder::new()
        .prefix("nbu_exporter-demo-")
        .tempdir()?;
    let now = Clock::System.now();
    let paris = Simulator::start(Simulated {
        authority: Some(Authority::new()?),
        api_key: PARIS_KEY.to_owned(),
        estate: Estate::lively_in("par", 1, now),
        ..Simulated::default()
    });
    let lyon = Simulator::start(Simulated {
        release: Release::V10_5,
        api_key: LYON_KEY.to_owned(),
        estate: Estate::lively_in("lyo", 2, now),
        ..Simulated::default()
    });
    let (paris, lyon) = (paris.await?, lyon.await?);
    fs::write(
        folder.path().join("paris-ca.pem"),
        paris.ca_pem().unwrap_or_default(),
    )?;
    let guest = match guest {
        Some(path) => path.canonicalize()?,
        None => write_built_in(folder.path())?,
    };
    let text = configuration(&paris, &lyon, &guest, collectors);
    fs::write(folder.path().join("config.yaml"), text)?;
    Ok(Demo {
        folder,
        _sites: [paris, lyon],
    })
}

/// Writes the built-in guest to a file, so that it can be replaced.
fn write_built_in(folder: &Path) -> io::Result<PathBuf> {
    let path = folder.join("guest.wasm");
    fs::write(&path, built_in())?;
    Ok(path)
}

/// The collectors of the built-in guest that do not run by default.
const COLLECTORS: [&str; 13] = [
    "alerts",
    "malware",
    "catalog",
    "slo",
    "tape",
    "slp",
    "mediaServers",
    "anomalies",
    "security",
    "posture",
    "licence",
    "policies",
    "perClient",
];

const CLIENTS: &str = "
    enabled: true
    allowlist:  # one client of each site cannot be reached for days
      [par-legacy-erp01, par-sql004, par-vm007, lyo-legacy-erp01, lyo-sql004, lyo-vm007]";

fn configuration(paris: &Simulator, lyon: &Simulator, guest: &Path, collectors: &str) -> String {
    let (paris_port, lyon_port) = (paris.address().port(), lyon.address().port());
    let guest = guest.display();
    format!(
        r#"# Two simulated NetBackup servers. Changes take effect when this file is saved.
server:
  scrapingInterval: "1h"
  collectionInterval: "15s"
  collectionTimeout: "15s"
  cacheTTL: "1m"
nbuservers:
  - site: "paris"
    scheme: "https"
    host: "127.0.0.1"
    port: {paris_port}
    apiKey: "{PARIS_KEY}"
    caFile: "paris-ca.pem"
  - site: "lyon"
    scheme: "http"
    host: "127.0.0.1"
    port: {lyon_port}
    apiKey: "{LYON_KEY}"
collectors:{collectors}
guest:
  path: "{guest}"  # replace the file to swap the guest
  limits: {{ compileTimeout: "10m" }}  # a guest in JavaScript or Python, also on a slow machine
"#
    )
}
