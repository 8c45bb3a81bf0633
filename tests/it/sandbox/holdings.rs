//! What a guest can have the host hold for it, and the memory of the process
//! meanwhile.

use std::sync::Arc;

use tempfile::TempDir;
use tests::{Act, Client, Program, Scripted, guests};

/// What a call may use: guest and host together.
const LIMIT: u64 = 128;
/// For what comes and goes in the process besides, and what its allocator keeps.
const SLACK: u64 = 32;

/// Every kind of thing that a guest has the host hold, and what ends it.
const HELD: &[(&str, &str)] = &[
    ("hold-bodies", MEMORY),
    ("hold-responses", MEMORY),
    ("hold-fields", MEMORY),
    ("hold-trailers", MEMORY),
    ("hold-emptied", MEMORY),
    ("hold-methods", "trap"),
    ("hold-authorities", "trap"),
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
    ("describe-bodies", "bytes of memory"),
    ("describe-fields", "bytes of memory"),
    ("check-bodies", MEMORY),
    ("check-fields", MEMORY),
];
const MEMORY: &str = "memory: ";

/// One site, limits that leave the memory alone to stop a guest, and a server of
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

/// The most memory that the process ever had, in MiB.
fn highest(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<u64>().unwrap() >> 10
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_host_holds_for_a_guest_stays_within_the_memory_limit_of_the_call() {
    let server = server().await;
    let folder = TempDir::new().unwrap();
    let offer = |behaviour: &str, stamp| {
        let guest = guests::behaving(behaviour, stamp);
        guests::install(&guest, &folder.path().join(guests::FILE));
    };
    offer("steady", 1);
    std::fs::write(folder.path().join("config.yaml"), config(&server)).unwrap();
    let mut program = Program::serve(folder.path());
    let client = Client::new(program.address().await);
    tests::eventually("the site is read", async || {
        client.scrape().await.value("nbu_up", &[]) == Some(1.0)
    })
    .await;
    // What it takes to try another guest beside the running one.
    offer("steady", 2);
    program.line("Guest swapped").await;
    let before = highest(&program);

    for (behaviour, reason) in HELD {
        offer(behaviour, 2);
        let line = program.line("Guest refused").await;
        let most = highest(&program);
        assert!(
            most <= before + LIMIT + SLACK,
            "{behaviour}: {before} to {most} MiB; {line}"
        );
        assert!(line.contains(reason), "{behaviour}: {line}");
        eprintln!(
            "{behaviour}: {before} to {most} MiB {}",
            &line[line.find("reason").unwrap_or(0)..]
        );
    }
}
