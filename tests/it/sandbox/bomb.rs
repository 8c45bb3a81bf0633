//! Components that are designed to keep the compiler busy.

use tempfile::TempDir;
use tests::{Bench, Client, Program, guests};

use super::{collects_again, simulator, site};

#[tokio::test(flavor = "multi_thread")]
async fn a_compile_bomb_is_stopped_at_its_deadline_and_the_running_guest_continues() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(guests::FILE);
    guests::install(&guests::behaving("steady", 1), &file);
    let rest = |timeout| {
        format!(
            "guest: {{ path: guest.wasm, limits: {{ compileTimeout: {timeout} }} }}\n\
             server: {{ collectionInterval: 200ms }}\n"
        )
    };
    let sites = [site("paris", &simulator)];
    Bench::write(folder.path(), &sites, &rest("1m"));
    let mut program = Program::serve(folder.path());
    let client = Client::new(program.address().await);
    program.line("Generation is current").await;
    Bench::write(folder.path(), &sites, &rest("100ms"));
    program.line("generation=2").await;

    guests::install(&guests::bomb(300, 400), &file);
    let line = program.line("not compiled within 0.1 s").await;
    assert!(!line.contains("panicked"), "{line}");
    collects_again(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_offered_after_a_compile_bomb_is_accepted_at_once() {
    let simulator = simulator().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(guests::FILE);
    guests::install(&guests::behaving("steady", 1), &file);
    let sites = [site("paris", &simulator)];
    let within = |timeout| {
        let limits = format!("limits: {{ compileTimeout: {timeout} }}");
        let rest = format!("guest: {{ path: guest.wasm, {limits} }}\n");
        Bench::write(folder.path(), &sites, &rest);
    };
    within("1m");
    let mut program = Program::serve(folder.path());
    let client = Client::new(program.address().await);
    program.line("Generation is current").await;
    within("100ms");
    program.line("generation=2").await;
    // Few functions, so that more processors do not help.
    guests::install(&guests::bomb(2, 4000), &file);
    program.line("not compiled within 0.1 s").await;
    within("1m");
    guests::install(&guests::behaving("steady", 2), &file);
    tests::eventually("it is taken", async || {
        let page = client.scrape().await;
        page.value("nbu_test_jobs", &[("stamp", "2")]).is_some()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_of_too_many_or_too_long_functions_is_not_compiled() {
    let simulator = simulator().await;
    for (limits, reason) in [
        ("functions: 10", "more than `10` functions"),
        ("functionSize: 20B", "the limit is `20`"),
    ] {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join(guests::FILE);
        guests::install(&guests::behaving("steady", 1), &file);
        let rest = format!("guest: {{ path: guest.wasm, limits: {{ {limits} }} }}\n");
        Bench::write(folder.path(), &[site("paris", &simulator)], &rest);
        let refused = Bench::open(folder).await.err().expect(limits).to_string();
        assert!(refused.contains(reason), "{refused}");
    }
}
