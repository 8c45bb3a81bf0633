//! The log of guests that fail or log too much.

use super::{faults, program, program_of, program_within, simulator};

#[tokio::test(flavor = "multi_thread")]
async fn endless_recursion_is_a_trap() {
    let simulator = simulator().await;
    let (_folder, mut program, client) = program("recurse", &simulator).await;
    let line = program.line("Collection failed").await;
    // Which of the two stacks overflows first depends on the compiler.
    assert!(line.contains("wasm trap: "), "{line}");
    let counted = async || faults(&client.scrape().await, "paris", "trap") >= 1.0;
    tests::eventually("the trap is counted", counted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_trap_with_its_message_in_the_log() {
    let simulator = simulator().await;
    let (_folder, mut program, client) = program("panic", &simulator).await;
    program.line("boom").await;
    let line = program.line("Collection failed").await;
    assert!(line.contains("reason=trap"), "{line}");
    let counted = async || faults(&client.scrape().await, "paris", "trap") >= 1.0;
    tests::eventually("the trap is counted", counted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_lines_is_cut_off() {
    let simulator = simulator().await;
    let (_folder, mut program, _) = program("chatter", &simulator).await;
    let line = program.line("Guest exceeded its log limits").await;
    assert!(line.contains("dropped=99000"), "{line}");
    let chatter = |line: &&String| line.contains("chatter ");
    assert_eq!(program.log.iter().filter(chatter).count(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_printed_lines_does_not_fail_the_collection() {
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
async fn lines_of_a_megabyte_are_truncated() {
    let simulator = simulator().await;
    let (_folder, mut program, _) = program("long-lines", &simulator).await;
    let line = program.line("llllllll").await;
    assert!(line.len() < 10_000, "{}", line.len());
    assert!(line.contains("ffffffff"), "its fields are there too");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_call_has_limits_of_lines_and_bytes() {
    let simulator = simulator().await;
    // Each line is of 9 bytes or more, so 90 bytes are 10 lines, `chatter 0` to
    // `chatter 9`; cut to 4 bytes, 99 bytes are 24.
    for (limits, lines) in [
        ("logLines: 7", 7),
        ("logSize: 90B", 10),
        ("logSize: 99B, logLineSize: 4B", 24),
    ] {
        let (_folder, mut program, _) = program_within("chatter", &simulator, limits).await;
        let line = program.line("Guest exceeded its log limits").await;
        let rest = 100_000 - lines;
        assert!(
            line.contains(&format!("dropped={rest}")),
            "{limits}: {line}"
        );
        let said = program.log.iter().filter(|line| line.contains("chat"));
        assert_eq!(said.count(), lines, "{limits}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_a_guest_cannot_control_a_terminal_that_shows_log_or_health() {
    let simulator = simulator().await;
    let raw = |text: &str| text.chars().any(nbu_exporter::telemetry::is_control_like);
    for format in ["logfmt", "json"] {
        let server = format!("logFormat: {format}");
        let (_folder, mut program, client) = program_of("controls", &simulator, "", &server).await;
        let said = program.line("paris").await;
        program.line("printed-").await;
        program.line("denied").await;
        let lines = program.log.iter();
        for line in lines {
            assert!(!raw(line), "{format}: {line:?}");
        }
        let escape = if format == "json" {
            "\\u202e"
        } else {
            "\\u{202e}"
        };
        assert!(said.contains(escape), "{said}");
        let health = client.get("/health").await.text();
        assert!(health.contains("OK"), "{health}");
        assert!(!health.lines().any(raw), "{health:?}");
    }
}
