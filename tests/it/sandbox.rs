//! Guests that misbehave, and what the operator sees of it.

use simulator::{Options, Simulator};
use tempfile::TempDir;
use tests::{Bench, Client, Exposition, Program, Site, guests};

use guests::GUEST;

const KEY: &str = "a-very-secret-key";

async fn simulator() -> Simulator {
    let options = Options {
        api_key: KEY.to_owned(),
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

fn site<'a>(name: &'a str, simulator: &'a Simulator) -> Site<'a> {
    Site {
        name,
        simulator,
        key: KEY,
    }
}

/// A host that runs a guest of this behaviour, collecting twice a second.
async fn running(behaviour: &str, simulator: &Simulator, server: &str) -> Bench {
    let rest = format!("{GUEST}server: {{ collectionInterval: 500ms{server} }}\n");
    let guest = guests::behaving(behaviour, 1);
    Bench::start_on(&guest, &[site("paris", simulator)], &rest).await
}

fn faults(exposition: &Exposition, reason: &str) -> f64 {
    exposition.sum("nbu_exporter_guest_faults_total", &[("reason", reason)])
}

async fn until_fault(bench: &Bench, reason: &str) -> Exposition {
    let seen = bench.until(reason, |e| faults(e, reason) >= 1.0).await;
    let failed = |e: &Exposition| e.value("nbu_up", &[("site", "paris")]) == Some(0.0);
    bench.until("the site counts as down", failed).await;
    seen
}

/// The program, on a guest of this behaviour; collects once.
async fn program(behaviour: &str, simulator: &Simulator) -> (TempDir, Program, Client) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(guests::FILE);
    guests::install(&guests::behaving(behaviour, 1), &file);
    let rest = format!("{GUEST}server: {{ collectionInterval: 1h }}\n");
    Bench::write(folder.path(), &[site("paris", simulator)], &rest);
    let mut program = Program::serve(folder.path());
    let client = Client::new(program.address().await);
    (folder, program, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_that_spin_are_stopped_and_scrapes_are_answered_meanwhile() {
    let simulator = simulator().await;
    let server = "server: { collectionInterval: 500ms, collectionTimeout: 400ms }\n";
    // More of them than there are threads to run them.
    let names: Vec<_> = (0..8).map(|n| format!("site{n}")).collect();
    let sites: Vec<_> = names.iter().map(|name| site(name, &simulator)).collect();
    let guest = guests::behaving("spin", 1);
    let bench = Bench::start_on(&guest, &sites, &format!("{GUEST}{server}")).await;
    let everywhere = |e: &Exposition| {
        let name = "nbu_exporter_guest_faults_total";
        let stopped = |site| e.value(name, &[("site", site), ("reason", "deadline")]);
        names.iter().all(|site| stopped(site) >= Some(1.0))
    };
    let exposition = bench.until("each is stopped", everywhere).await;
    assert!(exposition.all("nbu_test_jobs", &[]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_waits_in_the_host_is_stopped_at_its_deadline() {
    let simulator = simulator().await;
    let bench = running("sleep", &simulator, ", collectionTimeout: 300ms").await;
    until_fault(&bench, "deadline").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_hoards_memory_hits_its_limit() {
    let simulator = simulator().await;
    let rest = "guest: { path: guest.wasm, memoryLimit: 16MiB }\n";
    let sites = [site("paris", &simulator)];
    let bench = Bench::start_on(&guests::behaving("hoard", 1), &sites, rest).await;
    let seen = until_fault(&bench, "memory").await;
    assert_eq!(faults(&seen, "trap"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_recurses_without_end_is_a_trap() {
    let simulator = simulator().await;
    let (_folder, mut program, client) = program("recurse", &simulator).await;
    let line = program.line("Collection failed").await;
    // Which of its two stacks overflows first is the compiler's choice.
    assert!(line.contains("wasm trap: "), "{line}");
    let counted = async || faults(&client.scrape().await, "trap") >= 1.0;
    tests::eventually("the trap is counted", counted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_trap_and_its_message_is_in_the_log() {
    let simulator = simulator().await;
    let (_folder, mut program, client) = program("panic", &simulator).await;
    program.line("boom").await;
    let line = program.line("Collection failed").await;
    assert!(line.contains("reason=trap"), "{line}");
    let counted = async || faults(&client.scrape().await, "trap") >= 1.0;
    tests::eventually("the trap is counted", counted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_lines_is_cut_off() {
    let simulator = simulator().await;
    let (_folder, mut program, _) = program("chatter", &simulator).await;
    let line = program.line("The guest said too much").await;
    assert!(line.contains("dropped=99000"), "{line}");
    let chatter = |line: &&String| line.contains("chatter ");
    assert_eq!(program.log.iter().filter(chatter).count(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_printed_lines_costs_lines_and_no_collection() {
    let simulator = simulator().await;
    let (_folder, mut program, client) = program("print", &simulator).await;
    program.line("printed 19999").await;
    let printed = |line: &&String| line.contains("printed ");
    assert!(program.log.iter().filter(printed).count() <= 50);
    let read = async || {
        let exposition = client.scrape().await;
        exposition.value("nbu_test_jobs", &[("site", "paris")]) == Some(1.0)
    };
    tests::eventually("the site is read", read).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_may_not_set_the_credential() {
    let simulator = simulator().await;
    let (_folder, mut program, _) = program("own-credential", &simulator).await;
    let line = program.line("Collector failed").await;
    assert!(line.contains("denied: HeaderError::Forbidden"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_told_neither_the_credential_nor_where_it_runs() {
    let simulator = simulator().await;
    let (_folder, mut program, client) = program("echo", &simulator).await;
    let line = program.line("Collector failed").await;
    assert!(line.contains(simulator.url()), "{line}");
    for nothing in ["environment=[]", "arguments=[]", "files=None"] {
        assert!(line.contains(nothing), "{nothing}: {line}");
    }
    for text in program
        .log
        .iter()
        .chain([&client.get("/config").await.text()])
    {
        assert!(!text.contains(KEY), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_another_place_is_denied_and_counted() {
    for (behaviour, reason) in [("wander", "port"), ("userinfo", "userinfo")] {
        let simulator = simulator().await;
        let bench = running(behaviour, &simulator, "").await;
        let labels = [("site", "paris"), ("reason", reason)];
        let denied = |e: &Exposition| {
            let denied = e.value("nbu_exporter_egress_denied_total", &labels);
            denied >= Some(1.0)
        };
        bench.until(reason, denied).await;
        let told = |e: &Exposition| {
            let labels = [("collector", "jobs"), ("reason", "denied")];
            e.value("nbu_collector_failures_total", &labels) >= Some(1.0)
        };
        bench.until("the guest was told so", told).await;
        assert_eq!(simulator.requests().total(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_that_was_not_declared_is_dropped_and_counted() {
    let simulator = simulator().await;
    let bench = running("undeclared", &simulator, "").await;
    let exposition = bench.until_read(&["paris"]).await;
    assert!(exposition.all("nbu_secret_family", &[]).is_empty());
    let good = exposition.all("nbu_test_jobs", &[]);
    assert_eq!(good.len(), 1, "what it declared stays");
    let labels = [("site", "paris"), ("reason", "undeclared")];
    let dropped = exposition.value("nbu_exporter_series_dropped_total", &labels);
    assert!(dropped >= Some(1.0), "{dropped:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_cannot_speak_for_another_site() {
    let simulator = simulator().await;
    let bench = running("mislabels", &simulator, "").await;
    let exposition = bench.until_read(&["paris"]).await;
    assert!(exposition.all("nbu_test_jobs", &[]).is_empty());
    assert!(exposition.all("nbu_test_storage", &[]).is_empty());
    let labels = [("site", "paris"), ("reason", "invalid-label")];
    let dropped = exposition.value("nbu_exporter_series_dropped_total", &labels);
    assert!(dropped >= Some(1.0), "{dropped:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_answers_what_was_not_asked_is_not_believed() {
    let simulator = simulator().await;
    let bench = running("liar", &simulator, "").await;
    let seen = until_fault(&bench, "contract").await;
    assert!(seen.all("nbu_test_jobs", &[]).is_empty());
}
