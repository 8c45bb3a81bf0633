//! The messages about invalid files.

use super::*;
use crate::file::Contents;

#[test]
fn an_invalid_digest_key_or_factor_is_reported_with_a_hint() {
    let said = bad(&format!(
        "{SITE}guest: {{ path: a.wasm, sha256: 12, publicKey: x, publicKeyFile: none.pub, \
         canary: {{ sites: few, timeFactor: 0.5 }}, probation: {{ collections: -1 }} }}"
    ));
    for part in [
        "guest.sha256: `12` is not a sha256 digest",
        "guest.publicKey: `x` is not a minisign public key",
        "guest.publicKeyFile: conflicts with `publicKey`",
        "guest.canary.sites: `few` is not a number of sites",
        "guest.canary.timeFactor: `0.5` is not a factor of 1 or more",
        "guest.probation.collections: `-1` is not a whole number",
    ] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
}

#[test]
fn a_duration_out_of_range_is_rejected() {
    let said = bad(&format!(
        "{SITE}server: {{ collectionInterval: 1ns, cacheTTL: 2562047788015215h }}"
    ));
    for part in [
        "server.collectionInterval: `1ns` is shorter than a millisecond",
        "server.cacheTTL: `2562047788015215h` is longer than ten years",
    ] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
}

#[test]
fn only_maps_can_be_inherited_from() {
    let said = bad("nbuserver:\n  <<: 5\n  host: h\n  apiKey: k\n");
    let expected = "config.yaml:2: expected a map after `<<`, found a single value";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn all_problems_are_reported_in_the_order_of_the_file() {
    insta::assert_snapshot!(bad("server:
  port: http
  uri: metrics
  collectionInterval: -5m
  cacheTTL: 0s
  scrapingInterval: soon
  collectionTimeout: 300
  probeTimeout: 6s
  shutdownTimeout: [1s]
  logLevel: inof
  logFormat: xml
  intervall: 5m
nbuservers:
- site: paris
  host: https://nbu1
  port: abc
  scheme: ftp
  uri: netbackup
  apiVersion: 13
  timeouts: { connect: 5, first: 3s }
  maxResponseBytes: much
- site: paris
  host: nbu1:1556
  port: 70000
  apiKey: k2
  apiKeyFile: missing
- host: 1.2.3
  port: 0
  insecureSkipVerify: perhaps
  apikey: k3
- nbu4
guest: { path: '', memoryLimit: 256 }
collectors:
  alerts: true
  jobs: { enabled: maybe }
metrics: [legacyNames]
opentelemetry: { enable: true }
exporter: {}
"));
}

#[test]
fn a_file_without_sites_is_reported_with_a_hint() {
    insta::assert_snapshot!(
        [
            "",
            "server: {}",
            "nbuservers: []",
            "nbuserver: {}",
            "- a",
            "text"
        ]
        .map(bad)
        .join("\n---\n")
    );
}

#[test]
fn both_ways_to_name_sites_exclude_each_other() {
    let text = format!("{SITE}nbuservers: [{{ site: b, host: h, apiKey: k }}]");
    insta::assert_snapshot!(bad(&text));
}

#[test]
fn a_duplicate_key_is_reported_with_the_other_problems() {
    insta::assert_snapshot!(bad(
        "server: { port: x }\nnbuserver:\n  host: a\n  'host': b\n"
    ));
}

#[test]
fn a_text_that_is_not_yaml_is_a_problem_with_its_line() {
    insta::assert_snapshot!(
        ["a: b\n c: d: e\n", "a: [1, 2\nb: 3\n", "a: 1\n---\nb: 2\n"]
            .map(bad)
            .join("\n---\n")
    );
}

#[test]
fn paths_of_our_own_cannot_be_the_metrics_path() {
    for path in ["/", "/health", "/config", "/probe", "/-/reload"] {
        let said = bad(&format!("{SITE}server: {{ uri: {path} }}"));
        assert!(said.contains("the exporter uses itself"), "{said}");
    }
}

#[test]
fn an_invalid_listen_address_is_a_problem() {
    let said = bad(&format!("{SITE}server: {{ host: 'not a name' }}"));
    assert!(said.contains("config.yaml:2: server.host"), "{said}");

    for listen in ["9440", "nowhere", "localhost:http", "1.2.3.4.5:1"] {
        let flags = Overrides {
            listen: vec![listen.into()],
            ..Overrides::default()
        };
        let said = parse(SITE, Path::new("config.yaml"), &flags, &nothing).unwrap_err();
        assert!(
            said.to_string().contains("--web.listen-address: `"),
            "{said}"
        );
    }
}

#[test]
fn the_message_about_a_missing_file_mentions_the_demo() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.yaml");
    let problems = load(&path, &Overrides::default(), &nothing).unwrap_err();
    let said = problems.to_string();
    assert!(
        said.contains("config.yaml: the file does not exist\n  hint: "),
        "{said}"
    );
    let absent = Snapshot {
        path,
        contents: Some(Contents::Absent),
    };
    assert_eq!(problems.files, [absent]);
}

/// The process keeps write access to the folder.
#[test]
fn the_root_directory_is_rejected_as_state_directory() {
    for root in ["/", "/tmp/..", "/proc/self/root"] {
        let said = bad(&format!("{SITE}server: {{ stateDir: {root} }}"));
        assert!(
            said.contains(&format!("server.stateDir: `{root}` is the root directory")),
            "{said}"
        );
    }
}
