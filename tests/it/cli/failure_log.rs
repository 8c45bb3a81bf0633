//! The lines of the log about failing collectors.

use simulator::Fault;
use tests::Program;

use super::{folder, lively};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_site_is_retried_as_a_whole_and_has_one_line_until_it_recovers() {
    let simulator = lively().await;
    simulator.faults().set(Fault::Down);
    let folder = folder(&[("paris", &simulator)], "");
    let flags = ["--web.listen-address=127.0.0.1:0", "--debug"];
    let mut program = Program::start(&flags, folder.path());
    let line = program.line("Collection failed").await;
    for part in [
        "site=paris",
        "jobs, storage",
        "reason=unreachable",
        " hint=",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let count = |program: &Program, text: &str| {
        let lines = program.log.iter();
        lines.filter(|line| line.contains(text)).count()
    };
    program.line("Collection ended").await;
    let failures = count(&program, "Collector failed");
    assert!(failures > 1, "several collectors fail");
    program.line("Collection ended").await;
    assert_eq!(count(&program, "Collector failed"), 2 * failures);
    simulator.faults().clear();
    let line = program.line("Collection recovered").await;
    assert!(line.contains("jobs, storage"), "{line}");
    assert_eq!(count(&program, "Collection failed"), 1);
}
