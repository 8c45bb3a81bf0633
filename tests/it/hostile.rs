//! Hostile NetBackup servers: each case is a site of one program with a healthy site.
//! Its collector fails with the right reason, or succeeds. The healthy site, the page
//! and the process are unaffected, and no key is shown.

mod bodies;
mod echoes;
pub(crate) mod encrypted;
mod framing;
mod heads;
mod pages;
mod timing;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use simulator::Simulator;
use tempfile::TempDir;
use tests::{Act, Client, Exposition, Manner, Program, Scripted};

/// Part of every key here, and of nothing else.
const CANARY: &str = "CaNaRy";

/// How long to wait for an expected event; far longer than any event takes.
const PATIENCE: Duration = Duration::from_secs(90);

/// The expected result of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    /// The collector fails with this reason.
    Fails(&'static str),
    /// The collection succeeds.
    Reads,
    /// Either result, depending on timing.
    ReadsOrFails(&'static str),
}
use Seen::{Fails, Reads, ReadsOrFails};

/// One server and the expected result.
struct Case {
    name: String,
    server: Scripted,
    seen: Seen,
    /// Additional keys of the site.
    keys: &'static str,
}

/// An empty list, as of a server without jobs.
pub(crate) const EMPTY: &str = r#"{"data":[],"meta":{"pagination":{}}}"#;

/// Exactly these bytes.
fn raw(bytes: impl Into<Vec<u8>>) -> Vec<Act> {
    vec![Act::Say(bytes.into()), Act::Close]
}

/// Bytes that mark their own end. The connection stays open, since a client that
/// keeps it could otherwise find it closed.
fn keep(bytes: impl Into<Vec<u8>>) -> Vec<Act> {
    vec![Act::Say(bytes.into())]
}

/// A valid response with this body.
pub(crate) fn json(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.netbackup+json;version=14.0";
    let mut all = format!("{head}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    all.extend(body);
    all
}

/// A server that does the same for each request.
async fn case(name: &str, seen: Seen, acts: Vec<Act>) -> Case {
    Case::of(name, seen, Manner::default(), acts).await
}

impl Case {
    async fn of(name: &str, seen: Seen, manner: Manner, acts: Vec<Act>) -> Self {
        let play = Arc::new(move |_: &str, _| acts.clone());
        Self::on(name, seen, Scripted::with(manner, play).await)
    }

    fn on(name: &str, seen: Seen, server: Scripted) -> Self {
        Self {
            name: name.to_owned(),
            server,
            seen,
            keys: "scheme: http",
        }
    }

    fn keys(self, keys: &'static str) -> Self {
        Self { keys, ..self }
    }

    fn yaml(&self) -> String {
        let (name, port, keys) = (&self.name, self.server.address.port(), self.keys);
        format!(
            "  - {{ site: '{name}', host: 127.0.0.1, port: {port}, apiVersion: '14.0', \
             apiKey: {CANARY}-of-{name}, maxResponseBytes: 1MiB, maxRequestsPerCollection: 20, \
             timeouts: {{ connect: 3s, tls: 3s, firstByte: 3s, betweenBytes: 2s, total: 5s }}, \
             {keys} }}\n"
        )
    }

    /// Whether the page shows the expected result, and otherwise only timeouts of a
    /// busy machine.
    fn is_settled(&self, page: &Exposition) -> bool {
        let labels = [("site", self.name.as_str()), ("collector", "jobs")];
        let reads = page.value("nbu_collector_success", &labels) == Some(1.0);
        let fails = |reason| self.failures(page).iter().any(|(r, _)| r == reason);
        match self.seen {
            Reads => reads,
            Fails(reason) => fails(reason),
            ReadsOrFails(reason) => reads || fails(reason),
        }
    }

    fn failures(&self, page: &Exposition) -> Vec<(String, f64)> {
        let site = [("site", self.name.as_str())];
        let all = page.all("nbu_collector_failures_total", &site).into_iter();
        all.filter(|sample| sample.value > 0.0)
            .map(|sample| (sample.labels["reason"].clone(), sample.value))
            .collect()
    }

    fn check(&self, page: &Exposition) {
        let failures = self.failures(page);
        let expected = match self.seen {
            Reads => "timeout",
            Fails(reason) | ReadsOrFails(reason) => reason,
        };
        // Any of them may time out on a busy machine.
        let wrong = failures
            .iter()
            .find(|(reason, _)| reason != expected && reason != "timeout");
        let settled = self.is_settled(page);
        assert!(
            settled && wrong.is_none(),
            "{}: {:?}, not {failures:?}",
            self.name,
            self.seen
        );
    }
}

/// Runs a program with all these sites and a healthy one until each has been
/// collected. `ca` is written to `ca.pem`.
async fn all(cases: impl AsRef<[Case]>, ca: &str) -> Exposition {
    let cases = cases.as_ref();
    let healthy = Simulator::start(Default::default()).await.unwrap();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("ca.pem"), ca).unwrap();
    fs::write(folder.path().join("config.yaml"), config(cases, &healthy)).unwrap();
    let level = "--log.level=trace,nbu_exporter=trace,wasmtime=warn,cranelift=warn";
    let flags = ["--web.listen-address=127.0.0.1:0", level];
    let mut program = Program::start(&flags, folder.path());
    let client = Client::new(program.address().await);

    let page = settled(cases, &client).await;
    cases.iter().for_each(|case| case.check(&page));
    assert!(is_read(&page, "healthy"), "the healthy site is affected");
    let healthy = [("site", "healthy")];
    let others = page.all("nbu_collector_failures_total", &healthy);
    let late = |sample: &&tests::Sample| sample.labels["reason"] == "timeout";
    assert!(
        others
            .iter()
            .all(|sample| sample.value == 0.0 || late(sample)),
        "{others:?}"
    );
    assert_eq!(page.sum("nbu_exporter_guest_faults_total", &[]), 0.0);
    let memory = page.all("nbu_exporter_guest_peak_memory_bytes", &[]);
    let flat = memory
        .iter()
        .all(|sample| sample.value < f64::from(32 << 20));
    assert!(flat, "{memory:?}");

    let mut shown = page.text.clone();
    for path in ["/health", "/config", "/"] {
        shown += &client.get(path).await.text();
    }
    program.signal("TERM").await;
    program.line("Stopped").await;
    shown += &program.log.join("\n");
    let key = shown.lines().find(|line| line.contains(CANARY));
    assert_eq!(key, None);
    page
}

/// The page once every site has its expected result, or after a long timeout.
async fn settled(cases: &[Case], client: &Client) -> Exposition {
    let waiting = async || {
        let page = client.scrape().await;
        cases.iter().all(|case| case.is_settled(&page)) && is_read(&page, "healthy")
    };
    // The checks name the sites that differ.
    let _ = tokio::time::timeout(PATIENCE, async {
        while !waiting().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    client.scrape().await
}

fn is_read(page: &Exposition, site: &str) -> bool {
    page.value("nbu_up", &[("site", site)]) == Some(1.0)
}

fn config(cases: &[Case], healthy: &Simulator) -> String {
    let port = healthy.address().port();
    let sites: String = cases.iter().map(Case::yaml).collect();
    format!(
        "server: {{ collectionInterval: 2s }}\n\
         collectors: {{ storage: {{ enabled: false }} }}\n\
         nbuservers:\n{sites}  - {{ site: healthy, scheme: http, host: 127.0.0.1, \
         port: {port}, apiKey: simulator }}\n"
    )
}
