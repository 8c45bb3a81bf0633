//! More sites than the file descriptors of the process allow at once.

mod few_descriptors;
mod replicas;
mod thousand;

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use http::{Method, StatusCode};
use tempfile::TempDir;
use tests::{Client, Exposition, Program};

/// One site of the configuration.
fn site(name: &str, server: SocketAddr) -> String {
    let (host, port) = (server.ip(), server.port());
    format!(
        "  - {{ site: {name}, scheme: http, host: \"{host}\", port: {port}, apiKey: simulator, \
         timeouts: {{ connect: 1s }} }}\n"
    )
}

/// A configuration with this many sites for each server, and their names.
fn configure(folder: &Path, interval: &str, servers: &[(&str, usize, SocketAddr)]) {
    let mut text = format!("server: {{ collectionInterval: {interval} }}\nnbuservers:\n");
    for (name, count, server) in servers {
        for number in 0..*count {
            text.push_str(&site(&format!("{name}{number}"), *server));
        }
    }
    fs::write(folder.join("config.yaml"), text).unwrap();
}

/// A server for all sites, in its own process.
async fn server(folder: &TempDir) -> (Program, SocketAddr) {
    let arguments = ["--listen", "127.0.0.1:0"];
    let path = Program::path("nbu_simulator");
    let mut server = Program::of(&path, &arguments, folder.path());
    let line = server.line("http://").await;
    let (_, rest) = line.split_once("http://").unwrap();
    let address = rest.split('/').next().unwrap().parse().unwrap();
    (server.quiet(), address)
}

/// A scrape on its own connection. Fails the test if it is not answered.
async fn scrape(address: SocketAddr) -> Exposition {
    let answer = Client::new(address)
        .try_ask(Method::GET, "/metrics", &[])
        .await
        .unwrap_or_else(|error| panic!("a scrape failed: {error}"));
    assert_eq!(answer.status, StatusCode::OK);
    Exposition::parse(&answer.text())
}

/// The number of sites with this prefix that are up.
fn up(page: &Exposition, name: &str) -> usize {
    let is_up = |sample: &&tests::Sample| {
        let site = sample.labels.get("site");
        sample.name == "nbu_up"
            && sample.value == 1.0
            && site.is_some_and(|site| site.starts_with(name))
    };
    page.samples.iter().filter(is_up).count()
}

/// Requests that failed for lack of a descriptor.
fn without_descriptor(page: &Exposition) -> f64 {
    let code = [("code", "no_descriptor")];
    page.sum("nbu_exporter_upstream_requests_total", &code)
}

/// Truncates a text for the message of a failed test.
fn shown(page: &Exposition) -> String {
    let mut text = String::new();
    for sample in &page.samples {
        if ["nbu_up", "nbu_exporter_upstream_requests_total"].contains(&sample.name.as_str()) {
            let _ = writeln!(text, "{:?} {}", sample.labels, sample.value);
        }
    }
    text
}
