//! Commands for authors of guests.

use std::fs;

use tempfile::TempDir;
use tests::{Program, guests};

use super::lively;
use crate::bundle::recorded;

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
    let folder = recorded().await;
    fs::write(folder.path().join("guest.wasm"), guests::good()).unwrap();
    // `make verify` tests every release.
    let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
    let command = [&command[..], &["--golden", "golden"]].concat();
    let mut text = String::new();
    // The first run writes what the second one compares with.
    for more in [
        ["--fault", "status=500"].as_slice(),
        &["--record", "site.bundle", "--junit", "junit.xml"],
    ] {
        let output = Program::output(&[&command[..], more].concat(), folder.path()).await;
        text = said(&output.stdout);
        // Its time stands still, so ages do not depend on when it runs.
        assert!(!text.contains("FAILED"), "{text}");
        assert!(text.contains("ok      11.2: continue from its state"));
    }
    for line in [
        "ok      golden\n",
        "ok      site.bundle: collect (",
        "ok      site.bundle: the same again\n",
        "ok      declared families (without series: nbu_disk_pool_volume_count, ",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let tests = text.lines().filter(|it| it.starts_with("ok ")).count();
    assert!(tests > 100, "{tests} tests");
    let xml = fs::read_to_string(folder.path().join("junit.xml")).unwrap();
    let suite = format!("<testsuite name=\"guest\" tests=\"{tests}\"");
    assert!(xml.contains(&suite), "{xml}");
    let instant = "name=\"11.2: collect\" time=\"0.000\"";
    assert!(!xml.contains(instant), "the time of a collection: {xml}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wall_clock_of_a_guest_stands_still_for_a_golden_file() {
    let folder = TempDir::new().unwrap();
    let guest = guests::behaving("clock", 1);
    fs::write(folder.path().join("guest.wasm"), guest).unwrap();
    let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
    let command = [&command[..], &["--fault", "down", "--golden", "golden"]].concat();
    for result in ["ok      golden (wrote `golden`)\n", "ok      golden\n"] {
        let output = Program::output(&command, folder.path()).await;
        let text = said(&output.stdout);
        assert!(text.contains(result), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_reaches_more_than_the_first_request() {
    let folder = TempDir::new().unwrap();
    // It looks at the answer to `/ping`, and at no other.
    let guest = guests::behaving("careless", 1);
    fs::write(folder.path().join("guest.wasm"), guest).unwrap();
    for fault in ["status=500", "down"] {
        let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
        let command = [&command[..], &["--fault", fault]].concat();
        let output = Program::output(&command, folder.path()).await;
        let text = said(&output.stdout);
        // It has one reason for everything.
        let reason = if fault == "down" {
            "unreachable"
        } else {
            "status"
        };
        let wrong = format!(
            "FAILED  11.2: {fault}\n  /elsewhere: denied: no ping\n  expected the reason {reason}\n"
        );
        assert!(text.contains(&wrong), "{text}");
        let failed = format!(
            "FAILED  11.2: {fault}, except for /ping\n  collector `storage` reports no failure"
        );
        assert!(text.contains(&failed), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_prints_is_shown_before_the_result_of_its_test() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("guest.wasm");
    for (behaviour, command, printed) in [
        (
            "panic",
            &["guest", "test", "guest.wasm", "--release", "11.2"][..],
            "boom",
        ),
        ("mute", &["inspect", "guest.wasm"], "nothing to say"),
        ("mute", &["check"], "nothing to say"),
    ] {
        fs::write(&file, guests::behaving(behaviour, 1)).unwrap();
        let site = "nbuserver: { site: a, host: localhost, apiKey: k }\n";
        let config = format!("guest: {{ path: guest.wasm }}\n{site}");
        fs::write(folder.path().join("config.yaml"), config).unwrap();
        let output = Program::output(command, folder.path()).await;
        assert!(!output.status.success(), "{output:?}");
        let text = said(&output.stderr);
        let at = text.find(printed);
        let at = at.unwrap_or_else(|| panic!("{command:?}: {text}"));
        assert!(text[at..].contains("nbu_exporter: ") || text[at..].contains("config.yaml"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_that_falls_is_a_failed_test() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("guest.wasm");
    for (behaviour, series) in [
        ("falling", "nbu_test_jobs_calls_total{stamp=\"1\"}"),
        (
            "falling-histogram",
            "nbu_test_jobs_seconds_count{stamp=\"1\"}",
        ),
    ] {
        fs::write(&file, guests::behaving(behaviour, 1)).unwrap();
        let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
        let output = Program::output(&command, folder.path()).await;
        let text = said(&output.stdout);
        let failed = text.contains("FAILED  11.2: continue from its state\n");
        let why = format!("collector `jobs`: counter `{series}` fell from 999999 to 999998");
        assert!(failed && text.contains(&why), "{text}");
        assert!(text.contains("ok      11.2: the same again"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_counter_probe_or_endpoint_is_a_failed_test() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("guest.wasm");
    for (behaviour, why) in [
        (
            "counts",
            "FAILED  11.2: nothing new is counted\n  counter `nbu_test_jobs_calls_total{stamp=\"1\"}` \
             grew from 1 to 2\n",
        ),
        (
            "spoils",
            "FAILED  11.2: continue after 500\n  counter `nbu_test_jobs_calls_total{stamp=\"1\"}` \
             grew from 1 to 2\n",
        ),
        (
            "counts-restarts",
            "FAILED  11.2: continue after a restart\n  counter \
             `nbu_test_jobs_calls_total{stamp=\"1\"}` grew from 1 to 2\n",
        ),
        // Its probe sends nothing.
        (
            "steady",
            "FAILED  11.2: 401, except for /ping, probe\n  the probe succeeds, with the API version \
             `14.0`: ",
        ),
        (
            "misspelt",
            "FAILED  declared endpoints\n  collector `storage`, `jobs` declares `/manage/alrets`: did \
             you mean `/manage/alerts`?\n",
        ),
    ] {
        fs::write(&file, guests::behaving(behaviour, 1)).unwrap();
        let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
        let output = Program::output(&command, folder.path()).await;
        let text = said(&output.stdout);
        assert!(text.contains(why), "{behaviour}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_passed_tests_is_shown() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("guest.wasm"), guests::EXAMPLE).unwrap();
    let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
    let fault = ["--fault", "html@/manage/alerts"];
    let output = Program::output(&[&command[..], &fault].concat(), folder.path()).await;
    assert!(output.status.success(), "{output:?}");
    let text = said(&output.stdout);
    assert!(text.ends_with("\n27 tests passed\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_may_have_a_path() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("guest.wasm"), guests::EXAMPLE).unwrap();
    let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
    let faults = [
        "--fault",
        "html@/manage/alerts",
        "--fault",
        "html@/admin/jobs",
    ];
    let output = Program::output(&[&command[..], &faults].concat(), folder.path()).await;
    let text = said(&output.stdout);
    assert!(
        text.contains("ok      11.2: html@/manage/alerts ("),
        "{text}"
    );
    let why = "FAILED  11.2: html@/admin/jobs\n  the guest sends no request to `/admin/jobs`";
    assert!(text.contains(why), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_option_may_be_chosen_and_a_wrong_one_ends_the_tests() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("guest.wasm"), guests::EXAMPLE).unwrap();
    let output = async |option| {
        let command = ["guest", "test", "guest.wasm", "--release", "11.2"];
        let command = [&command[..], &["--fault", "down", "--option", option]].concat();
        Program::output(&command, folder.path()).await
    };
    let requests = async |option| {
        let text = said(&output(option).await.stdout);
        let line = text.lines().find(|it| it.contains("11.2: collect ("));
        let figures = line.and_then(|it| it.split(" series, ").nth(1));
        let number = figures.and_then(|it| it.split(' ').next()?.parse::<u32>().ok());
        number.unwrap_or_else(|| panic!("{text}"))
    };
    let few = requests("alerts.pageSize=100").await;
    let many = requests("alerts.pageSize=50").await;
    assert!(few < many, "{few} and {many} requests");

    let wrong = output("alerts.pageSize=1000").await;
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    let why = "FAILED  11.2: check\n  collectors.alerts.pageSize: expected a whole number from `1` \
               to `100`, found `1000`\n    hint: remove the key for the default, `100`\n";
    assert_eq!(said(&wrong.stdout), why);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_flags_are_checked_before_the_guest_is_read() {
    let folder = TempDir::new().unwrap();
    let command = [
        &["guest", "test", "absent.wasm", "--release", "9.9"][..],
        &["--fault", "meteor", "--fault", "slow=x@/admin/jobs"],
        &["--record", "absent.bundle", "--golden", "absent/golden"],
        &["--junit", "absent/junit.xml", "--option", "jobs=5"],
    ]
    .concat();
    let output = Program::output(&command, folder.path()).await;
    let text = said(&output.stderr);
    for problem in [
        "`9.9` is not a release",
        "`--fault meteor`: `meteor` is not a fault",
        "`--fault slow=x@/admin/jobs`: `x` is not a value of `slow`",
        "`--option jobs=5` is not an option\n  hint: write it as `alerts.pageSize=50`",
        "cannot open `absent.bundle`: ",
        "cannot write `absent/golden`: `absent` is not a folder",
        "cannot write `absent/junit.xml`: `absent` is not a folder",
    ] {
        assert!(text.contains(problem), "{problem}: {text}");
    }
    assert!(!text.contains("absent.wasm"), "{text}");
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
