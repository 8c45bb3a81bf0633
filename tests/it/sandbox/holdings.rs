//! Host resources held for a guest, and the memory of the process.

use std::sync::Arc;

use tempfile::TempDir;
use tests::{Act, Client, Program, Scripted, guests};

/// The memory limit of a call, for guest and host together.
const LIMIT: u64 = 128;
/// A margin for other allocations of the process and its allocator.
const SLACK: u64 = 32;

/// Every kind of resource that a guest can exhaust in a collection, and the expected
/// reason.
const COLLECTING: &[(&str, &str)] = &[
    ("hold-bodies", MEMORY),
    ("hold-responses", MEMORY),
    ("hold-fields", MEMORY),
    ("hold-trailers", MEMORY),
    ("hold-emptied", MEMORY),
    ("hold-methods", "reason=trap"),
    ("hold-authorities", "reason=trap"),
    ("hold-paths", MEMORY),
    ("hold-timers", MEMORY),
    ("hold-printed", MEMORY),
    ("hold-line", MEMORY),
    ("hold-polls", MEMORY),
    ("hold-random", "exceeds limit"),
    ("hold-heads", MEMORY),
    ("hold-answers", MEMORY),
    ("hold-report", MEMORY),
    ("hold-state", MEMORY),
];
const MEMORY: &str = "reason=memory";

/// The same before a guest has collected anything.
const OFFERED: &[&str] = &[
    "describe-bodies",
    "describe-fields",
    "describe-line",
    "check-bodies",
    "check-fields",
    "check-line",
];

/// One site, limits that let only the memory limit stop a guest, and a server with
/// long heads and endless bodies.
fn config(server: &Scripted) -> String {
    let (host, port) = (server.address.ip(), server.address.port());
    format!(
        "guest:\n  path: guest.wasm\n  memoryLimit: {LIMIT}MiB\n  canary: {{ timeout: 60s }}\n  \
         limits: {{ handles: 10000000, callSize: 1GiB, stateSize: 1GiB, helpSize: 1GiB, \
         checkTimeout: 60s }}\n\
         server: {{ collectionInterval: 1h, collectionTimeout: 60s }}\n\
         nbuservers:\n- {{ site: paris, host: {host}, port: '{port}', scheme: http, \
         uri: /netbackup, apiKey: a-very-secret-key, maxConcurrentRequests: 100000, \
         maxBytesPerCollection: 1TiB, maxResponseBytes: 1TiB }}\n"
    )
}

async fn server() -> Scripted {
    let pad = "h".repeat(60 << 10);
    Scripted::start(Arc::new(move |_: &str, _| {
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\nx-pad: {pad}\r\n\r\n");
        let endless = Act::Endless(vec![b'b'; 64 << 10]);
        vec![Act::Say(head.into_bytes()), endless]
    }))
    .await
}

/// The peak memory of the process in MiB.
fn highest(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<u64>().unwrap() >> 10
}

/// The program with a guest of this behaviour, in its own directory.
fn start(behaviour: &str, server: &Scripted) -> (TempDir, Program) {
    let folder = TempDir::new().unwrap();
    offer(behaviour, &folder);
    std::fs::write(folder.path().join("config.yaml"), config(server)).unwrap();
    let program = Program::serve(folder.path());
    (folder, program)
}

fn offer(behaviour: &str, folder: &TempDir) {
    let guest = guests::behaving(behaviour, 1);
    guests::install(&guest, &folder.path().join(guests::FILE));
}

/// A program that has collected its site with a well-behaved guest.
async fn steady(server: &Scripted) -> (TempDir, Program, Client) {
    let (folder, mut program) = start("steady", server);
    let client = Client::new(program.address().await);
    ended(&client, "nbu_exporter_collections_total").await;
    (folder, program, client)
}

/// Waits until a call has ended, successfully or not.
async fn ended(client: &Client, counter: &str) {
    let counted = async || client.scrape().await.sum(counter, &[]) > 0.0;
    tests::eventually(&format!("`{counter}` counts"), counted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn host_memory_held_for_a_guest_counts_towards_the_limit_of_the_call() {
    let some = [
        "hold-bodies",
        "hold-paths",
        "hold-timers",
        "hold-random",
        "hold-report",
    ];
    holding_fails(|behaviour| some.contains(&behaviour)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "each resource fills the memory of a process of its own: `make verify`"]
async fn every_kind_of_host_memory_counts_towards_the_limit_of_the_call() {
    holding_fails(|_| true).await;
}

async fn holding_fails(is_tried: impl Fn(&str) -> bool) {
    let server = server().await;
    let before = highest(&steady(&server).await.1);
    let mut wrong = Vec::new();
    for (behaviour, reason) in COLLECTING.iter().filter(|it| is_tried(it.0)) {
        let (_folder, mut program) = start(behaviour, &server);
        let client = Client::new(program.address().await);
        ended(&client, "nbu_exporter_collections_total").await;
        let most = highest(&program);
        let failure = [("result", "failure")];
        let page = client.scrape().await;
        let failed = page.sum("nbu_exporter_collections_total", &failure) > 0.0;
        if most > before + LIMIT + SLACK || !failed {
            wrong.push(format!(
                "{behaviour}: from {before} to {most} MiB, failed: {failed}"
            ));
            continue;
        }
        let line = program.line("Collection failed").await;
        assert!(line.contains(reason), "{behaviour}: {line}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_gets_no_more_host_memory_than_a_running_guest() {
    offering_fails(&["describe-bodies", "check-line"]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "each resource fills the memory of a process of its own: `make verify`"]
async fn a_candidate_gets_no_more_of_any_host_memory_than_a_running_guest() {
    offering_fails(OFFERED).await;
}

async fn offering_fails(behaviours: &[&str]) {
    let server = server().await;
    let mut wrong = Vec::new();
    for behaviour in behaviours {
        let (folder, mut program, client) = steady(&server).await;
        let before = highest(&program);
        offer(behaviour, &folder);
        ended(&client, "nbu_exporter_guest_swaps_total").await;
        let most = highest(&program);
        if most > before + LIMIT + SLACK {
            wrong.push(format!("{behaviour}: from {before} to {most} MiB"));
            continue;
        }
        let line = program.line("Guest refused").await;
        assert!(line.contains("bytes of memory"), "{behaviour}: {line}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
