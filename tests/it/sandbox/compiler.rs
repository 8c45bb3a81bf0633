//! Components that abuse the compiler, and the compiler's processes.

use std::path::Path;

use tempfile::TempDir;
use tests::processes::{self, Found};
use tests::{Bench, Client, Program, guests};

use super::{collects_again, simulator, site};

/// The program with a well-behaved guest and these `limits` of the compiler.
async fn start(folder: &Path, simulator: &simulator::Simulator, limits: &str) -> (Program, Client) {
    guests::install(&guests::behaving("steady", 1), &folder.join(guests::FILE));
    configure(folder, simulator, "");
    let mut program = Program::serve(folder);
    let client = Client::new(program.address().await);
    program.line("Generation is current").await;
    if !limits.is_empty() {
        configure(folder, simulator, limits);
        program.line("generation=2").await;
    }
    (program, client)
}

fn configure(folder: &Path, simulator: &simulator::Simulator, limits: &str) {
    let rest = format!(
        "guest: {{ path: guest.wasm, limits: {{ {limits} }} }}\n\
         server: {{ collectionInterval: 200ms }}\n"
    );
    Bench::write(folder, &[site("paris", simulator)], &rest);
}

/// A guest that takes seconds to compile, so that the worker can be inspected.
fn slow() -> Vec<u8> {
    guests::bomb(300, 400)
}

/// The compiler process of an exporter.
fn compiler_process(program: &Program) -> Found {
    let found = processes::children(program.id());
    let [found] = &found[..] else {
        panic!("expected one child, found {found:?}");
    };
    assert!(found.command.contains("compiler-process"), "{found:?}");
    found.clone()
}

/// Waits for the worker of the current compilation.
async fn worker(compiler: &Found) -> Found {
    let mut found = Vec::new();
    tests::eventually("a worker compiles", async || {
        found = processes::children(compiler.id);
        found
            .iter()
            .any(|child| child.command.contains("compiler-worker"))
    })
    .await;
    found.remove(0)
}

async fn is_gone(process: &Found) {
    let gone = async || !processes::exists(process.id);
    tests::eventually(&format!("{process:?} ends"), gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_has_no_environment_one_socket_and_its_limits() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let limits = "compileTimeout: 1m, compileMemory: 512MiB";
    let (program, _) = start(folder.path(), &simulator, limits).await;
    let compiler = compiler_process(&program);
    guests::install(&slow(), &folder.path().join(guests::FILE));
    let worker = worker(&compiler).await;
    // The worker sets this after restricting itself.
    let limited = async || worker.limit("Max address space") == Some(512 << 20);
    tests::eventually("the worker is limited", limited).await;
    assert_eq!(worker.limit("Max core file size"), Some(0));
    assert!(worker.limit("Max cpu time").is_some());
    assert_eq!(worker.read("oom_score_adj").trim(), "1000");
    for process in [&compiler, &worker] {
        if let Some(environment) = process.try_read("environ") {
            assert_eq!(environment, "", "{process:?}");
        }
    }
    drop(program);
    is_gone(&worker).await;
    is_gone(&compiler).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_exhausts_memory_ends_only_the_worker() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let limits = "compileTimeout: 1m, compileMemory: 160MiB";
    let (mut program, client) = start(folder.path(), &simulator, limits).await;
    let file = folder.path().join(guests::FILE);
    guests::install(&guests::bomb(2, 20_000), &file);
    program.line("`guest.limits.compileMemory`").await;
    assert!(processes::children(compiler_process(&program).id).is_empty());
    guests::install(&guests::behaving("steady", 2), &file);
    configure(folder.path(), &simulator, "");
    taken(&client, "2").await;
}

/// Waits for a collection by the guest with that stamp.
async fn taken(client: &Client, stamp: &str) {
    tests::eventually("the guest is taken", async || {
        let page = client.scrape().await;
        page.value("nbu_test_jobs", &[("stamp", stamp)]).is_some()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exporter_continues_without_its_compiler_process_and_reports_it() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let (mut program, client) = start(folder.path(), &simulator, "").await;
    let up = async || client.scrape().await.value("nbu_exporter_compiler_up", &[]);
    assert_eq!(up().await, Some(1.0));
    let compiler = compiler_process(&program);
    compiler.signal("KILL").await;
    program.line("The compiler process has ended").await;
    tests::eventually("it is a metric", async || up().await == Some(0.0)).await;
    assert!(!processes::exists(compiler.id), "it is a zombie");

    guests::install(
        &guests::behaving("steady", 2),
        &folder.path().join(guests::FILE),
    );
    program
        .line("restart the exporter to load another guest")
        .await;
    collects_again(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_to_the_process_group_do_not_end_the_compiler_process() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let (mut program, client) = start(folder.path(), &simulator, "").await;
    let compiler = compiler_process(&program);
    for signal in ["INT", "TERM", "HUP"] {
        compiler.signal(signal).await;
    }
    guests::install(
        &guests::behaving("steady", 2),
        &folder.path().join(guests::FILE),
    );
    taken(&client, "2").await;
    assert!(processes::exists(compiler.id));
    program.signal("TERM").await;
    assert_eq!(program.wait().await, Some(0));
    is_gone(&compiler).await;
}

/// The program, its compiler process, and a worker that has set its limits and is
/// then suspended, so that it cannot end by itself.
async fn compiling(folder: &Path, simulator: &simulator::Simulator) -> (Program, Found, Found) {
    let (program, _) = start(folder, simulator, "compileTimeout: 10m").await;
    let compiler = compiler_process(&program);
    guests::install(&slow(), &folder.join(guests::FILE));
    let worker = worker(&compiler).await;
    // The parent-death signal is set before the limits.
    let limited = async || worker.limit("Max address space").is_some();
    tests::eventually("the worker is limited", limited).await;
    worker.signal("STOP").await;
    (program, compiler, worker)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exporter_killed_during_a_compilation_leaves_no_process() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let (program, compiler, worker) = compiling(folder.path(), &simulator).await;
    program.signal("KILL").await;
    is_gone(&compiler).await;
    is_gone(&worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exporter_stopped_during_a_compilation_shuts_down_cleanly_at_once() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    // At the first compilation.
    guests::install(&slow(), &folder.path().join(guests::FILE));
    configure(folder.path(), &simulator, "compileTimeout: 10m");
    let mut starting = Program::serve(folder.path());
    starting.address().await;
    let worker = worker(&compiler_process(&starting)).await;
    worker.signal("STOP").await;
    starting.signal("TERM").await;
    assert_eq!(starting.wait().await, Some(0));
    is_gone(&worker).await;
    // At the compilation of a replacement.
    let (mut program, compiler, worker) = compiling(folder.path(), &simulator).await;
    program.signal("TERM").await;
    assert_eq!(program.wait().await, Some(0));
    is_gone(&compiler).await;
    is_gone(&worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_ends_with_its_killed_compiler_process() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let (program, compiler, worker) = compiling(folder.path(), &simulator).await;
    compiler.signal("KILL").await;
    is_gone(&worker).await;
    drop(program);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_import_is_reported_before_compilation() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let (mut program, _) = start(folder.path(), &simulator, "compileTimeout: 5s").await;
    let wanting = bomb_with_import(&slow(), "wasi:sockets/tcp@0.3.0");
    guests::install(&wanting, &folder.path().join(guests::FILE));
    program
        .line("it imports `wasi:sockets/tcp@0.3.0`, which this host does not provide")
        .await;
}

/// A component with a nested component and an additional import.
fn bomb_with_import(inner: &[u8], import: &str) -> Vec<u8> {
    let mut bytes = guests::wanting(import);
    // A nested component is section 4.
    guests::section(&mut bytes, 4, inner);
    bytes
}

/// Twenty memories of 16 MiB, each with one byte at its beginning and one at its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_sparse_memory_does_not_make_a_large_artifact() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let (program, client) = start(folder.path(), &simulator, "").await;
    let process = Found::of(program.id());
    let before = process.peak_memory();
    let memory =
        "(module (memory 256) (data (i32.const 0) \"a\") (data (i32.const 16773120) \"b\"))";
    let mut bytes = guests::behaving("steady", 2);
    for _ in 0..20 {
        guests::section(&mut bytes, 1, &wat::parse_str(memory).unwrap());
    }
    guests::install(&bytes, &folder.path().join(guests::FILE));
    taken(&client, "2").await;
    let grown = process.peak_memory() - before;
    assert!(grown < 100 << 20, "by {} MiB", grown >> 20);
}
