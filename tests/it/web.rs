//! Authentication, TLS and limits on connections.

mod authentication;
mod certificates;
mod client;
mod crowd;
mod descriptors;
mod flags;
mod guessing;
mod pages;
mod rotation;
mod smuggling;

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tests::{Bench, guests};

use client::{Authority, Secure};

const SUCCESSFUL: &str = "nbu_exporter_config_last_reload_successful";
const TLS: &str = "tls_server_config: { cert_file: server.pem, key_file: server.key }\n";

/// A directory with a configuration whose guest needs no network, so that only the
/// listener is tested. `server` are additional keys of that section.
fn folder(server: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let guest = folder.path().join(guests::FILE);
    guests::install(&guests::behaving("steady", 1), &guest);
    let text = format!(
        "{}server: {{ {server} }}\nnbuservers:\n  \
         - {{ site: paris, scheme: http, host: 127.0.0.1, port: 9, apiKey: k }}\n",
        guests::GUEST
    );
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    folder
}

/// Writes a certificate for the server and its key to the paths in [`TLS`].
fn certify(authority: &Authority, folder: &Path) {
    let (certificate, key) = authority.issue("localhost");
    fs::write(folder.join("server.pem"), certificate).unwrap();
    fs::write(folder.join("server.key"), key).unwrap();
}

/// A host with a web configuration and a server certificate of `authority`.
async fn serving(authority: &Authority, web: &str) -> Bench {
    let folder = folder("webConfigFile: web.yaml");
    certify(authority, folder.path());
    fs::write(folder.path().join("clients.pem"), authority.pem()).unwrap();
    fs::write(folder.path().join("web.yaml"), web).unwrap();
    Bench::open(folder).await.unwrap()
}

/// Whether the last reload succeeded, from a page over TLS.
async fn successful(client: &Secure) -> Option<f64> {
    let (status, page) = client.try_get("/metrics").await.ok()?;
    assert_eq!(status, 200);
    tests::Exposition::parse(&page).value(SUCCESSFUL, &[])
}
