//! `record` and `replay`.

use std::collections::BTreeSet;
use std::fs;

use http::Method;
use nbu_exporter::guest::Digest;
use serde_json::Value;
use simulator::{Fault, Release, Simulator};
use tests::{Client, Exposition, Program, guests};

use super::{CLIENTS, KEY, content, folder, folder_of, record, recorded, said, server};
use crate::collectors::names;

/// Attributes that name something of the estate.
const NAMING: [&str; 16] = [
    "clientName",
    "policyName",
    "hostName",
    "destinationMediaServerName",
    "destinationStorageUnitName",
    "mediaServerName",
    "storageServerName",
    "assetDisplayableName",
    "workloadDisplayName",
    "jobOwner",
    "robotControlHost",
    "userName",
    "driveName",
    "scheduleName",
    "slpName",
    "volumePoolName",
];

/// Asks again for everything that the exporter requested.
async fn answers(simulator: &Simulator) -> Vec<Value> {
    let client = Client::new(simulator.address());
    let mut answers = Vec::new();
    for request in simulator.requests().all() {
        let pairs = request.query.iter();
        let pairs = pairs.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let path = format!("{}?{query}", request.path);
        let accept = request.accept.unwrap_or_default();
        let headers = [("authorization", KEY), ("accept", accept.as_str())];
        let answer = client.ask(Method::GET, &path, &headers).await;
        answers.extend(serde_json::from_slice::<Value>(&answer.bytes));
    }
    answers
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Collects the texts of an attribute, and for an empty one those with the town's prefix.
fn collect_values(json: &Value, attribute: &str, found: &mut BTreeSet<String>) {
    collect_below(json, "", attribute, found);
}

fn collect_below(json: &Value, key: &str, attribute: &str, found: &mut BTreeSet<String>) {
    match json {
        Value::Object(members) => {
            for (key, value) in members {
                collect_below(value, key, attribute, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect_below(item, key, attribute, found);
            }
        }
        // What the server writes instead of a name is not one.
        Value::String(text) if text.len() > 3 && !text.starts_with('<') => {
            let has_prefix = text.to_lowercase().starts_with("par-");
            if key == attribute || (attribute.is_empty() && has_prefix) {
                found.insert(text.clone());
            }
        }
        _ => {}
    }
}

/// The names in all answers.
async fn names_of(simulator: &Simulator) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for answer in answers(simulator).await {
        all_names(&answer, &mut names);
    }
    names
}

/// The names in the answers of a bundle.
fn names_in(content: &str) -> BTreeSet<String> {
    let line = content.lines().nth(1).unwrap();
    let bundle: Value = serde_json::from_str(line).unwrap();
    let mut names = BTreeSet::new();
    for exchange in bundle["collections"][0]["exchanges"].as_array().unwrap() {
        let body = exchange["response"]["body"]["text"]
            .as_str()
            .unwrap_or_default();
        if let Ok(answer) = serde_json::from_str(body) {
            all_names(&answer, &mut names);
        }
    }
    names
}

fn all_names(answer: &Value, names: &mut BTreeSet<String>) {
    for attribute in NAMING.into_iter().chain([""]) {
        collect_values(answer, attribute, names);
    }
}

#[ignore = "it takes minutes without optimisation: `make verify`"]
#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_of_each_release_and_collector_replays_to_the_byte_without_any_name() {
    for release in Release::ALL {
        let simulator = server(release).await;
        let folder = folder(&simulator);
        let output = record(folder.path(), &[]).await;
        assert_eq!(
            said(&output.stderr).matches("warning").count(),
            0,
            "{output:?}"
        );
        let text = content(folder.path());
        let names = names_of(&simulator).await;
        assert!(names.len() > 100, "{names:?}");
        drop(simulator);

        let known = CLIENTS.iter().map(|&name| name.to_owned());
        let more = ["paris-east", "127.0.0.1", KEY].map(str::to_owned);
        let left: Vec<_> = names_in(&text).intersection(&names).cloned().collect();
        assert!(left.is_empty(), "{release:?}: {left:?}");
        // Others are words that stand elsewhere too, such as `full`.
        let is_unique = |name: &String| name.contains(|c: char| c == '-' || c.is_ascii_digit());
        let unique = names.into_iter().filter(is_unique);
        let lower = text.to_ascii_lowercase();
        for name in unique.chain(known).chain(more) {
            let found = lower.contains(&name.to_lowercase());
            assert!(!found, "{release:?}: `{name}` is in the bundle");
        }
        assert!(
            !lower.contains("par-"),
            "the town's prefix is in {release:?}"
        );

        let command = ["replay", "site.bundle"];
        let output = Program::output(&command, folder.path()).await;
        assert_eq!(output.status.code(), Some(0), "{release:?}: {output:?}");
        assert_eq!(said(&output.stderr), "", "{release:?}");
        let line = text.lines().nth(1).unwrap();
        let bundle: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            bundle["collections"][0]["report"].as_str().unwrap(),
            said(&output.stdout)
        );
        let exposition = Exposition::parse(&said(&output.stdout));
        for collector in names::COLLECTORS {
            let shown = collector.families.iter();
            let shown = shown.filter(|family| !exposition.all(family, &[]).is_empty());
            assert!(shown.count() > 0, "{} in {release:?}", collector.collector);
        }
        let clients = exposition.all("nbu_client_last_successful_backup_timestamp_seconds", &[]);
        assert!(!clients.is_empty(), "the allow-list has pseudonyms too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_field_keeps_its_values_and_no_others() {
    let simulator = server(Release::V11_2).await;
    let folder = folder(&simulator);
    record(folder.path(), &["--keep", "policyName"]).await;
    let text = content(folder.path());
    let [mut policies, mut clients] = [BTreeSet::new(), BTreeSet::new()];
    for answer in answers(&simulator).await {
        collect_values(&answer, "policyName", &mut policies);
        collect_values(&answer, "clientName", &mut clients);
    }
    clients.retain(|client| client.starts_with("par-"));
    assert!(policies.len() > 5 && clients.len() > 20);
    for policy in policies {
        assert!(text.contains(&policy), "{policy}");
    }
    for client in clients {
        assert!(!text.contains(&client), "{client}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_collections_are_recorded_and_each_continues_from_the_one_before() {
    let simulator = server(Release::V11_2).await;
    let folder = folder(&simulator);
    let file = folder.path().join("config.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        format!("server: {{ collectionInterval: 100ms }}\n{text}"),
    )
    .unwrap();
    let output = record(folder.path(), &["--for", "200ms"]).await;
    assert!(
        said(&output.stdout).contains(" of 3 collections\n"),
        "{output:?}"
    );
    // Without the states, a replayed collection would be a first one, with other series.
    assert!(!said(&output.stderr).contains("series"), "{output:?}");

    let output = Program::output(&["replay", "site.bundle"], folder.path()).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(said(&output.stderr), "");
    let text = said(&output.stdout);
    let parts: Vec<_> = text.split("# collection ").skip(1).collect();
    assert_eq!(parts.len(), 3, "{text}");
    assert!(parts[2].starts_with("3 of 3\n# HELP "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_the_server_are_recorded_and_repeated() {
    let simulator = server(Release::V11_2).await;
    simulator.faults().set_on("/admin/jobs", Fault::CutShort);
    simulator
        .faults()
        .set_on("/manage/alerts", Fault::Status(500));
    let folder = folder(&simulator);
    let output = record(folder.path(), &[]).await;
    assert!(
        said(&output.stderr).contains("warning: collector `jobs`: "),
        "{output:?}"
    );
    drop(simulator);
    let output = Program::output(&["replay", "site.bundle"], folder.path()).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = said(&output.stderr);
    for collector in ["jobs", "alerts"] {
        let line = format!("warning: collector `{collector}`: ");
        assert!(text.contains(&line), "{text}");
    }
    assert!(!said(&output.stdout).contains("nbu_jobs_window{"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_guest_gets_the_same_answers_and_its_differences_are_printed() {
    let folder = recorded().await;
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("same.wasm", &guests::good_with("another digest"));
    write("other.wasm", guests::MINIMAL);
    let replay = async |guest: &str| {
        let command = ["replay", "site.bundle", "--guest", guest];
        Program::output(&command, folder.path()).await
    };
    let output = replay("same.wasm").await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(said(&output.stdout), "no difference\n");
    let output = replay("other.wasm").await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(said(&output.stdout).contains("- family `nbu_jobs_window`, a gauge\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_differs_from_the_recorded_metrics_fails() {
    let simulator = server(Release::V11_2).await;
    let folder = folder(&simulator);
    let guest = folder.path().join("guest.wasm");
    fs::write(&guest, guests::MINIMAL).unwrap();
    let configuration = folder.path().join("config.yaml");
    let site = fs::read_to_string(&configuration).unwrap();
    let (_, site) = site.split_once("nbuservers:").unwrap();
    let text = format!("guest: {{ path: guest.wasm }}\nnbuservers:{site}");
    fs::write(&configuration, text).unwrap();
    record(folder.path(), &[]).await;
    // The built-in guest has other collectors.
    let output = Program::output(&["replay", "site.bundle"], folder.path()).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = said(&output.stderr);
    assert!(
        text.contains("the metrics differ from the recorded ones"),
        "{text}"
    );
    let [recorded, own] = [guests::MINIMAL, &guests::good()]
        .map(|bytes| format!("with SHA-256 {}", Digest::of(bytes)));
    for part in ["hint: pass the recorded guest, version", &recorded, &own] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("- family `nbu_answer`"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_opens_no_socket_and_names_a_request_that_was_not_recorded() {
    let folder = recorded().await;
    let text = content(folder.path());
    let (header, line) = text.split_once('\n').unwrap();
    let mut bundle: Value = serde_json::from_str(line).unwrap();
    let exchanges = bundle["collections"][0]["exchanges"]
        .as_array_mut()
        .unwrap();
    exchanges.retain(|exchange| !exchange.to_string().contains("/servicecatalog/slos"));
    // As if the server were reachable.
    let simulator = server(Release::V11_2).await;
    bundle["settings"]["base_url"] = format!("{}/netbackup", simulator.url()).into();
    let file = fs::File::create(folder.path().join("site.bundle")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, format!("{header}\n{bundle}\n").as_bytes()).unwrap();
    gzip.finish().unwrap();

    let output = Program::output(&["replay", "site.bundle"], folder.path()).await;
    let text = said(&output.stderr);
    assert!(text.contains("/servicecatalog/slos?"), "{text}");
    assert!(text.contains("` is not in the bundle"), "{text}");
    assert_eq!(simulator.requests().total(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_a_fixture_for_the_tests_of_a_guest() {
    let simulator = server(Release::V11_2).await;
    // All tests of a guest run here too, so it is a small one.
    let folder = folder_of("guest: { path: guest.wasm }", &simulator);
    fs::write(folder.path().join("guest.wasm"), guests::EXAMPLE).unwrap();
    record(folder.path(), &[]).await;
    let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
    let command = [&command[..], &["--record", "site.bundle"]].concat();
    let output = Program::output(&command, folder.path()).await;
    let text = said(&output.stdout);
    assert!(text.contains("ok      site.bundle: collect ("), "{text}");
    assert!(
        text.contains("ok      site.bundle: the same again\n"),
        "{text}"
    );
    // A guest that declares none of the recorded collectors tests nothing.
    fs::write(folder.path().join("guest.wasm"), guests::MINIMAL).unwrap();
    let output = Program::output(&command, folder.path()).await;
    let text = said(&output.stdout);
    let why = "FAILED  site.bundle: collect\n  the guest declares none of its collectors: `";
    assert!(text.contains(why), "{text}");
}
