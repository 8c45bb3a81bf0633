//! Commands for authors of guests.

use std::fs;

use tempfile::TempDir;
use tests::{Program, guests};

use super::lively;

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_is_printed_and_written_with_what_it_imports() {
    let folder = TempDir::new().unwrap();
    let output = Program::output(&["guest", "wit"], folder.path()).await;
    let text = said(&output.stdout);
    assert!(text.starts_with("package nbu:collector@0.2.0;"), "{text}");
    for part in [
        "world guest",
        "interface collector",
        "interface metrics",
        "interface log",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let output = Program::output(&["guest", "wit", "wit"], folder.path()).await;
    assert!(output.status.success(), "{output:?}");
    assert!(folder.path().join("wit/deps/http.wit").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_guest_passes_the_tests_for_guests() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("guest.wasm"), guests::good()).unwrap();
    // `make verify` tests every release.
    for release in ["11.2"] {
        let command = ["guest", "test", "guest.wasm", "--junit", "junit.xml"];
        let command = [&command[..], &["--golden", release, "--release", release]].concat();
        let mut tests = 0;
        // The first run writes what the second one compares with.
        for only in [&["--fault", "status=500"][..], &[]] {
            let command = [&command[..], only].concat();
            let output = Program::output(&command, folder.path()).await;
            let text = said(&output.stdout);
            // Ages and times depend on when it runs.
            let failed = text.lines().filter(|line| line.starts_with("FAILED"));
            let failed: Vec<_> = failed.filter(|line| !line.contains("golden")).collect();
            assert!(failed.is_empty(), "{text}");
            assert!(text.contains(&format!("ok      {release}: continue from its state")));
            let is_test = |line: &&str| line.starts_with("ok ") || line.starts_with("FAILED ");
            tests = text.lines().filter(is_test).count();
        }
        let xml = fs::read_to_string(folder.path().join("junit.xml")).unwrap();
        assert!(tests > 30, "{tests} tests");
        let suite = format!("<testsuite name=\"guest\" tests=\"{tests}\"");
        assert!(xml.contains(&suite), "{xml}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_chosen_faults_are_tested() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("guest.wasm"),
        guests::behaving("steady", 1),
    )
    .unwrap();
    let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
    let chosen = [
        &command[..],
        &["--fault", "status=503", "--fault", "slow=0.01"],
    ]
    .concat();
    let output = Program::output(&chosen, folder.path()).await;
    let text = said(&output.stdout);
    let named = |fault: &str| text.contains(&format!("11.2: {fault}"));
    assert!(named("status=503") && named("slow=0.01"), "{text}");
    assert!(!named("401") && !text.contains("500 on"), "{text}");

    let unknown = [&command[..], &["--fault", "meteor"]].concat();
    let output = Program::output(&unknown, folder.path()).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = said(&output.stderr);
    let why = "`--fault meteor`: `meteor` is not a fault\n  hint: write one of `down`, ";
    assert!(text.contains(why), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_fails_a_test_is_reported_with_the_reason() {
    let folder = TempDir::new().unwrap();
    for (behaviour, reason) in [
        ("panic", "FAILED  11.2: collect\n  trap: "),
        (
            "undeclared",
            "dropped 1 series of `nbu_secret_family` (undeclared): the collector does not declare it",
        ),
    ] {
        fs::write(
            folder.path().join("guest.wasm"),
            guests::behaving(behaviour, 1),
        )
        .unwrap();
        let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
        let output = Program::output(&command, folder.path()).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let text = said(&output.stdout);
        assert!(text.contains(reason), "{behaviour}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_release_is_an_error_that_lists_all() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("guest.wasm"), guests::MINIMAL).unwrap();
    let command = ["guest", "test", "guest.wasm", "--release", "9.9"];
    let output = Program::output(&command, folder.path()).await;
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output.stderr);
    assert!(text.contains("`9.9` is not a release"), "{text}");
    assert!(text.contains("hint: write one of 10.3, "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_collection_fails_when_series_are_dropped() {
    let simulator = lively().await;
    let folder = super::folder(&[("paris", &simulator)], "guest: { path: guest.wasm }\n");
    fs::write(
        folder.path().join("guest.wasm"),
        guests::behaving("undeclared", 1),
    )
    .unwrap();
    for (flags, code) in [(&["collect"][..], 0), (&["collect", "--strict"], 1)] {
        let output = Program::output(flags, folder.path()).await;
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let text = said(&output.stderr);
        assert!(text.contains("family=nbu_secret_family"), "{text}");
    }
}
