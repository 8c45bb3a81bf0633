//! Changes of the configuration while the exporter runs.

mod process;
mod triggers;
mod verdicts;

use tempfile::TempDir;
use tests::{Bench, guests};

const SUCCESSFUL: &str = "nbu_exporter_config_last_reload_successful";

/// A configuration with one site. The guest needs no network, so that only the reload
/// is tested.
fn config(site: &str) -> String {
    format!(
        "guest: {{ path: guest.wasm }}\n\
         nbuservers:\n  - {{ site: {site}, scheme: http, host: 127.0.0.1, port: 9, apiKey: k }}\n"
    )
}

/// A directory with that guest.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let guest = folder.path().join("guest.wasm");
    guests::install(&guests::behaving("steady", 1), &guest);
    folder
}

/// A host that collects `paris`.
async fn paris() -> Bench {
    let folder = folder();
    std::fs::write(folder.path().join("config.yaml"), config("paris")).unwrap();
    let bench = Bench::open(folder).await.unwrap();
    bench.until_read(&["paris"]).await;
    bench
}
