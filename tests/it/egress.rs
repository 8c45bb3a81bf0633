//! Egress with the real guest.

mod asking;

use std::fs;

use nbu_exporter::guest::Digest;
use simulator::{Authority, Clock, Estate, Options, Simulator};
use tempfile::TempDir;
use tests::{Bench, Exposition, Program, Site, guests};

async fn simulator(authority: Option<Authority>) -> Simulator {
    let options = Options {
        authority,
        estate: Estate::lively(1, Clock::System.now()),
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

fn paris(simulator: &Simulator) -> Site<'_> {
    Site {
        name: "paris",
        simulator,
        key: "simulator",
    }
}

/// A host with one HTTPS site, trusted by `trust`, a line of the site's settings.
/// `other.pem` is an unrelated authority.
async fn trusting(trust: &str, simulator: &Simulator) -> Bench {
    let folder = TempDir::new().unwrap();
    let other = Authority::new().unwrap().pem();
    fs::write(folder.path().join("other.pem"), other).unwrap();
    fs::write(folder.path().join("ca.pem"), simulator.ca_pem().unwrap()).unwrap();
    let port = simulator.address().port();
    let site = format!("host: 127.0.0.1, port: {port}, apiKey: simulator, {trust}");
    let config = format!("nbuservers: [{{ site: paris, {site} }}]\n");
    fs::write(folder.path().join("config.yaml"), config).unwrap();
    Bench::open(folder).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_the_only_credential_of_every_request() {
    let simulator = simulator(None).await;
    let bench = Bench::start(&[paris(&simulator)], "").await;
    bench.until_read(&["paris"]).await;
    let asked: Vec<_> = simulator.requests().all();
    let secured = |path| asked.iter().filter(move |request| request.is(path));
    assert!(secured("/admin/jobs").count() > 0);
    // The specification requires the raw token, without `Bearer`.
    for path in [
        "/admin/jobs",
        "/storage/storage-units",
        "/storage/disk-pools",
    ] {
        assert!(secured(path).all(|request| request.authorized), "{path}");
    }
    assert!(asked.iter().all(|request| request.request_id.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_a_known_authority_is_trusted() {
    let simulator = simulator(Some(Authority::new().unwrap())).await;
    let bench = trusting("caFile: ca.pem", &simulator).await;
    bench.until_read(&["paris"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_unknown_authority_is_not_trusted() {
    let simulator = simulator(Some(Authority::new().unwrap())).await;
    let bench = trusting("caFile: other.pem", &simulator).await;
    let failed = |e: &Exposition| {
        let labels = [("collector", "jobs"), ("reason", "unreachable")];
        e.value("nbu_collector_failures_total", &labels) >= Some(1.0)
    };
    let exposition = bench.until("the site is unreachable", failed).await;
    assert_eq!(exposition.value("nbu_up", &[("site", "paris")]), Some(0.0));
    let labels = [("code", "certificate")];
    let counted = exposition.sum("nbu_exporter_upstream_requests_total", &labels);
    assert!(counted >= 1.0, "{}", exposition.text);
    assert_eq!(simulator.requests().total(), 0, "no key was sent to it");
    let health = bench.get("/health").await;
    assert_eq!(health.status, 503);
    let text = health.text().to_lowercase();
    assert!(text.contains("certificate"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_certificate_is_trusted_if_verification_is_off() {
    let simulator = simulator(Some(Authority::new().unwrap())).await;
    let trust = "caFile: other.pem, insecureSkipVerify: true";
    let bench = trusting(trust, &simulator).await;
    let page = bench.until_read(&["paris"]).await;
    let insecure = page.value("nbu_exporter_tls_insecure", &[("site", "paris")]);
    assert_eq!(insecure, Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_kept_from_one_collection_to_the_next() {
    let simulator = simulator(Some(Authority::new().unwrap())).await;
    let server = "server: { collectionInterval: 50ms, cacheTTL: 100ms }";
    let bench = Bench::start(&[paris(&simulator)], server).await;
    bench.until_read(&["paris"]).await;
    let collected = |e: &Exposition| {
        let labels = [("site", "paris"), ("result", "success")];
        e.value("nbu_exporter_collections_total", &labels) >= Some(20.0)
    };
    bench.until("twenty collections", collected).await;
    let (requests, connections) = {
        let log = simulator.requests();
        (log.total(), log.connections())
    };
    // As many connections as were busy at once, not one for each request.
    assert!(
        connections <= 8 && requests >= 5 * connections,
        "{connections} connections for {requests} requests"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_request_is_logged_once_per_collection_with_guest_site_and_rule() {
    let simulator = simulator(None).await;
    let folder = TempDir::new().unwrap();
    let guest = guests::behaving("ask", 1);
    guests::install(&guest, &folder.path().join(guests::FILE));
    let ask = "collectors: { storage: { enabled: false }, jobs: { ask: thousands } }";
    let rest = format!(
        "{}server: {{ collectionInterval: 1h }}\n{ask}",
        guests::GUEST
    );
    let site = paris(&simulator).yaml_with("maxRequestsPerCollection: 7");
    let text = format!("{rest}\nnbuservers:\n{site}");
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    let mut program = Program::serve(folder.path());
    let line = program.line("Request denied").await;
    for part in [
        "site=paris",
        "rule=requests",
        &Digest::of(&guest).to_string(),
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    program.line("Collection failed").await;
    let refused = |line: &&String| line.contains("Request denied");
    assert_eq!(program.log.iter().filter(refused).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_without_trusted_authorities_is_reported_with_a_hint() {
    let folder = TempDir::new().unwrap();
    let text = "nbuservers:\n  - { site: paris, host: 127.0.0.1, apiKey: k }\n";
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    let nobody = folder.path().join("nobody");
    fs::create_dir(&nobody).unwrap();
    let file = nobody.with_extension("pem");
    fs::write(&file, "").unwrap();
    let variables = [
        ("SSL_CERT_FILE", file.as_path()),
        ("SSL_CERT_DIR", nobody.as_path()),
    ];
    let mut program = Program::serve_with(folder.path(), &variables);
    program.line("trust store contains no certificates").await;
    let hint = program.line("hint: ").await;
    assert!(hint.contains("set `caFile` to"), "{hint}");
}
