//! Configurations of the predecessor, including values that it wrongly accepted.

use std::fs;

use tempfile::TempDir;
use tests::Program;

/// A configuration file of the predecessor with all keys that it knows.
const FILE: &str = r#"
server:
  host: "0.0.0.0"            # every interface
  port: "9440"               # a text
  uri: "/metrics"
  scrapingInterval: "1h"
  collectionInterval: "5m"
  cacheTTL: "5m"
  logName: "stdout"
nbuserver:                   # one server, without a name
  scheme: "https"
  uri: "/netbackup"
  host: "${NBU1_HOSTNAME}"   # both from .env
  port: "1556"
  apiVersion: "13.0"
  apiKey: "${NBU1_APIKEY}"
  insecureSkipVerify: false
  domain: "vmware"           # these three do nothing
  domainType: "nt"
  contentType: "application/vnd.netbackup+json; version=13.0"
opentelemetry: { enabled: false, endpoint: "localhost:4317", insecure: true, samplingRate: 0.1 }
collectors:
  alerts: { enabled: false }
  malware: { enabled: false }
  catalog: { enabled: false }
  slo: { enabled: false }
  tape: { enabled: false }
  perClient: { enabled: false, allowlist: [] }
"#;

const DOTENV: &str = "NBU1_HOSTNAME=nbu1.example.com\nNBU1_APIKEY=A1b2C3\n";

/// A directory with this configuration and this `.env`.
fn folder(config: &str, dotenv: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("config.yaml"), config).unwrap();
    fs::write(folder.path().join(".env"), dotenv).unwrap();
    folder
}

/// The exit code and the output of `check`.
async fn check(folder: &TempDir) -> (Option<i32>, String) {
    let output = Program::output(&["check"], folder.path()).await;
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_predecessors_configuration_loads_unchanged() {
    let (code, said) = check(&folder(FILE, DOTENV)).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no problems found"), "{said}");
    assert!(!said.contains("warning"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_predecessors_list_of_servers_loads_with_variables() {
    let list = FILE.replace("nbuserver: ", "nbuservers: ");
    let list = list.replace("  scheme: \"https\"", "- site: paris\n  scheme: \"https\"");
    let (code, said) = check(&folder(&list, DOTENV)).await;
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = check(&folder(&list, "NBU1_HOSTNAME=nbu1\n")).await;
    assert_eq!(code, Some(2), "{said}");
    let unset = "nbuservers[0].apiKey: variable `NBU1_APIKEY` is not set";
    assert!(said.contains(unset), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_the_predecessor_mishandled_are_rejected_together() {
    let bad = FILE
        .replace("uri: \"/metrics\"", "uri: /health")
        .replace("collectionInterval: \"5m\"", "collectionInterval: 0s")
        .replace("cacheTTL: \"5m\"", "cacheTTL: -5m")
        .replace("scrapingInterval:", "scrapeInterval:")
        .replace("nbuserver: ", "nbuservers: ")
        .replace("  scheme: \"https\"", "- site: paris\n  scheme: \"https\"")
        .replace(
            "opentelemetry:",
            "- { site: lyon, host: lyon, apiKey: k, apiVersion: thirteen }\nopentelemetry:",
        );
    let (code, said) = check(&folder(&bad, DOTENV)).await;
    assert_eq!(code, Some(2), "{said}");
    for problem in [
        "config.yaml:5: server.uri: `/health` is a path that the exporter uses itself",
        "config.yaml:6: server.scrapeInterval: unknown key",
        "did you mean `scrapingInterval`?",
        "config.yaml:7: server.collectionInterval: `0s` must be longer than zero",
        "config.yaml:8: server.cacheTTL: `-5m` is negative",
        "nbuservers[1].apiVersion: `thirteen` is not an API version",
    ] {
        assert!(said.contains(problem), "`{problem}` is not in:\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_api_version_is_rejected_on_the_second_site_too() {
    let sites = "nbuservers:\n\
        - { site: paris, host: paris, apiKey: k, apiVersion: 13.0 }\n\
        - { site: lyon, host: lyon, apiKey: k, apiVersion: 99.0 }\n";
    let (code, said) = check(&folder(sites, "")).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("site `lyon`: "), "{said}");
    assert!(said.contains("99.0"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_causes_exit_status_1_and_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = folder(FILE, DOTENV);
    let listen = format!("--web.listen-address={address}");
    let output = Program::output(&[&listen], folder.path()).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("nbu_exporter: "), "{said}");
    assert!(said.contains(&address), "{said}");
    let facts = said
        .lines()
        .filter(|line| !line.trim_start().starts_with("hint: "));
    assert_eq!(facts.count(), 1, "{said}");
}
