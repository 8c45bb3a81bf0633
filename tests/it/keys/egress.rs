//! Limits, proxies and TLS settings of a site, and the addresses that its name may
//! resolve to.

use std::fs;
use std::sync::Arc;

use simulator::Simulator;
use tempfile::TempDir;
use tests::{Act, Bench, Client, Exposition, Program, Scripted, eventually, guests};

use super::{KEY, Keys, OFTEN, lively, paris};
use crate::hostile::{EMPTY, encrypted, json};

pub(super) const KEYS: &[Keys] = &[(
    "nbuserver",
    &[
        "allowLocalAddresses",
        "apiKeyCredential",
        "certFile",
        "keyFile",
        "maxBytesPerCollection",
        "maxConcurrentRequests",
        "maxRequestBytes",
        "maxRequestHeaderBytes",
        "maxRequestHeaders",
        "maxRequestsPerCollection",
        "maxResponseHeaderBytes",
        "maxUrlBytes",
        "minVersion",
        "noProxy",
        "proxy",
        "serverName",
    ],
)];

fn down(page: &Exposition) -> bool {
    page.value("nbu_up", &[("site", "paris")]) == Some(0.0)
}

fn denied(page: &Exposition, reason: &str) -> f64 {
    page.sum("nbu_exporter_egress_denied_total", &[("reason", reason)])
}

fn rest() -> String {
    format!("server: {{ {OFTEN}, cacheTTL: 1ms }}")
}

/// A site at this address; only jobs are collected.
fn at(host: &str, port: u16, keys: &str) -> String {
    format!(
        "nbuservers:\n  - {{ site: paris, host: {host}, port: {port}, apiVersion: '14.0', {KEY}, \
         {keys} }}\ncollectors: {{ storage: {{ enabled: false }} }}\n{}\n",
        rest()
    )
}

/// Responds to every request with an empty list, and adds `header`.
async fn jobless(manner: tests::Manner, header: &str) -> Scripted {
    let answer = String::from_utf8(json(EMPTY)).unwrap();
    let answer = answer.replacen("\r\n", &format!("\r\n{header}\r\n"), 1);
    let play = move |_: &str, _: usize| vec![Act::Say(answer.clone().into_bytes())];
    Scripted::with(manner, Arc::new(play)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_applies_after_the_reload() {
    let simulator = lively().await;
    let bench = Bench::on(&paris(&simulator, KEY, &rest())).await;
    bench.until_read(&["paris"]).await;
    for (limit, reason) in [
        ("maxUrlBytes: 60B", "url"),
        ("maxRequestHeaders: 1", "headers"),
        ("maxRequestHeaderBytes: 16B", "headers"),
        ("maxRequestsPerCollection: 1", "requests"),
        ("maxBytesPerCollection: 16B", "bytes"),
        ("maxConcurrentRequests: 1", "concurrency"),
    ] {
        let before = denied(&bench.scrape().await, reason);
        let keys = format!("{KEY}, {limit}");
        bench.reconfigure(&paris(&simulator, &keys, &rest())).await;
        let refused = |page: &Exposition| denied(page, reason) > before;
        bench.until(limit, refused).await;
    }
    bench.reconfigure(&paris(&simulator, KEY, &rest())).await;
    bench.until_read(&["paris"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_body_limit_of_a_site_applies() {
    let simulator = Simulator::start(Default::default()).await.unwrap();
    let folder = TempDir::new().unwrap();
    guests::install(
        &guests::behaving("ask", 1),
        &folder.path().join(guests::FILE),
    );
    let options = "collectors: { storage: { enabled: false }, jobs: { ask: body } }";
    let rest = format!("{}\n{}{options}", rest(), guests::GUEST);
    fs::write(
        folder.path().join("config.yaml"),
        paris(&simulator, KEY, &rest),
    )
    .unwrap();
    let bench = Bench::open(folder).await.unwrap();
    let refused = |page: &Exposition| denied(page, "body") >= 1.0;
    bench.until("the body is refused", refused).await;
    let larger = format!("{KEY}, maxRequestBytes: 2MiB");
    bench.reconfigure(&paris(&simulator, &larger, &rest)).await;
    let answered = |page: &Exposition| {
        let counted = page.all("nbu_exporter_upstream_requests_total", &[]);
        counted
            .iter()
            .any(|sample| sample.labels["code"].starts_with('4'))
    };
    bench
        .until("it is sent, and the server requires another", answered)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_response_head_limit_of_a_site_applies() {
    let server = jobless(Default::default(), &format!("x: {}", "y".repeat(9000))).await;
    let port = server.address.port();
    let bench = Bench::on(&at("127.0.0.1", port, "scheme: http")).await;
    bench.until_read(&["paris"]).await;
    let smaller = "scheme: http, maxResponseHeaderBytes: 8KiB";
    bench.reconfigure(&at("127.0.0.1", port, smaller)).await;
    bench.until("the head is too large", down).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_can_allow_a_name_that_resolves_to_loopback() {
    let simulator = lively().await;
    let port = simulator.address().port();
    // The exporter treats it as a name; the system resolves it to 127.0.0.1.
    let bench = Bench::on(&at("0x7f000001", port, "scheme: http")).await;
    let refused = |page: &Exposition| denied(page, "address") >= 1.0 && down(page);
    bench.until("the address is refused", refused).await;
    assert_eq!(simulator.requests().connections(), 0);
    let allowed = "scheme: http, allowLocalAddresses: true";
    bench.reconfigure(&at("0x7f000001", port, allowed)).await;
    bench.until_read(&["paris"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_used_except_for_excluded_hosts() {
    let proxy = jobless(Default::default(), "x: y").await;
    let keys = format!("scheme: http, proxy: 'http://me:pw@{}'", proxy.address);
    // As above: a name that is resolved locally.
    let name = "0x7f000001";
    let bench = Bench::on(&at(name, 1556, &keys)).await;
    bench.until_read(&["paris"]).await;
    let asked = proxy.heads();
    let whole = format!("GET http://{name}:1556/netbackup/admin/jobs?");
    let reads = asked.iter().any(|head| head.starts_with(&whole));
    assert!(reads, "{asked:?}");
    assert!(!bench.get("/config").await.text().contains("pw"));
    let but = format!("{keys}, noProxy: [nbu2, '{name}']");
    bench.reconfigure(&at(name, 1556, &but)).await;
    let direct = |page: &Exposition| denied(page, "address") >= 1.0 && down(page);
    bench.until("the site is asked directly", direct).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tls_settings_of_a_site_apply() {
    let ours = encrypted::authority();
    let folder = TempDir::new().unwrap();
    let (certificate, key) = encrypted::pair(&ours, "exporter");
    for (name, pem) in [
        ("c.pem", &certificate),
        ("k.pem", &key),
        ("ca.pem", &ours.pem()),
    ] {
        fs::write(folder.path().join(name), pem).unwrap();
    }
    let manner = encrypted::asking(&ours, "nbu1.example");
    let server = jobless(manner, "x: y").await;
    let port = server.address.port();
    let right = "caFile: ca.pem, certFile: c.pem, keyFile: k.pem, serverName: nbu1.example";
    fs::write(
        folder.path().join("config.yaml"),
        at("127.0.0.1", port, right),
    )
    .unwrap();
    let bench = Bench::open(folder).await.unwrap();
    let page = bench.until_read(&["paris"]).await;
    assert_eq!(page.value("nbu_exporter_tls_insecure", &[]), Some(0.0));
    for wrong in [
        "caFile: ca.pem, serverName: nbu1.example",
        &right.replace("nbu1.example", "nbu2.example"),
        // The server supports only TLS 1.2.
        &format!("{right}, minVersion: '1.3'"),
    ] {
        bench.reconfigure(&at("127.0.0.1", port, wrong)).await;
        bench.until(wrong, down).await;
        bench.reconfigure(&at("127.0.0.1", port, right)).await;
        bench.until_read(&["paris"]).await;
    }
    // The files are renewed together or one after the other.
    let (stranger, its_key) = encrypted::pair(&encrypted::authority(), "exporter");
    fs::write(bench.file("k.pem"), its_key).unwrap();
    fs::write(bench.file("c.pem"), stranger).unwrap();
    bench.until("a stranger's certificate is shown", down).await;
    fs::write(bench.file("k.pem"), key).unwrap();
    fs::write(bench.file("c.pem"), certificate).unwrap();
    bench.until_read(&["paris"]).await;
    let blind = "insecureSkipVerify: true, certFile: c.pem, keyFile: k.pem";
    bench.reconfigure(&at("127.0.0.1", port, blind)).await;
    let insecure = |page: &Exposition| page.value("nbu_exporter_tls_insecure", &[]) == Some(1.0);
    bench
        .until("missing verification is reported", insecure)
        .await;
    bench.until_read(&["paris"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_of_systemd_is_read_again_when_it_changes() {
    let simulator = lively().await;
    let folder = TempDir::new().unwrap();
    let credentials = TempDir::new().unwrap();
    fs::write(credentials.path().join("nbu1"), "simulator\n").unwrap();
    let text = paris(&simulator, "apiKeyCredential: nbu1", &rest());
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    let variable = ("CREDENTIALS_DIRECTORY", credentials.path());
    let mut program = Program::serve_with(folder.path(), &[variable]);
    let client = Client::new(program.address().await);
    let up = |value| {
        let client = client.clone();
        async move { client.scrape().await.value("nbu_up", &[]) == Some(value) }
    };
    eventually("it is read", async || up(1.0).await).await;
    simulator.set_api_key("rotated");
    eventually("the old key is refused", async || up(0.0).await).await;
    fs::write(credentials.path().join("nbu1"), "rotated\n").unwrap();
    eventually("the new key is sent", async || up(1.0).await).await;
}
