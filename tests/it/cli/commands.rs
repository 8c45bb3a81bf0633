//! Commands that end by themselves.

use std::fs;
use std::net::TcpListener;
use std::process::Output;

use simulator::Fault;
use tempfile::TempDir;
use tests::{Exposition, Program, guests};

use super::{folder, lively, write};

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_is_on_standard_output() {
    let folder = TempDir::new().unwrap();
    let output = Program::output(&["--version"], folder.path()).await;
    assert_eq!(code(&output), Some(0));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(said(&output.stdout), format!("nbu_exporter {version}\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn help_lists_the_flags_that_a_command_uses() {
    let folder = TempDir::new().unwrap();
    let help = async |command: &[&str]| {
        let output = Program::output(&[command, &["--help"]].concat(), folder.path()).await;
        said(&output.stdout)
    };
    let has = |text: &str, flag: &str| text.contains(flag);
    assert!(has(&help(&[]).await, "--collector.NAME"));
    assert!(has(&help(&["check"]).await, "--web.listen-address"));
    assert!(!has(&help(&["collect"]).await, "--web.listen-address"));
    assert!(has(&help(&["collect"]).await, "--config.file"));
    assert!(!has(&help(&["inspect"]).await, "--config.file"));
    assert!(!has(&help(&["guest", "test"]).await, "--config.file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_and_the_manual_name_commands_and_flags() {
    let folder = TempDir::new().unwrap();
    for command in [
        &["completions", "bash"][..],
        &["completions", "zsh"],
        &["manual"],
    ] {
        let output = Program::output(command, folder.path()).await;
        assert_eq!(code(&output), Some(0), "{command:?}");
        let text = said(&output.stdout).replace('\\', "");
        assert!(text.contains("--web.telemetry-path"), "{command:?}");
        assert!(text.contains("--web.systemd-socket"), "{command:?}");
        assert!(text.contains("inspect"), "{command:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_has_a_manual_page() {
    let folder = TempDir::new().unwrap();
    let page = async |command: &str| {
        let words = ["manual"].into_iter().chain(command.split_whitespace());
        let output = Program::output(&words.collect::<Vec<_>>(), folder.path()).await;
        (
            code(&output),
            said(&output.stdout).replace('\\', ""),
            said(&output.stderr),
        )
    };
    let (_, program, _) = page("").await;
    let names = program.match_indices("nbu_exporter-");
    let names = names.filter_map(|(at, _)| program[at + 13..].split('(').next());
    let names: Vec<_> = names.collect();
    assert!(names.contains(&"check"), "{names:?}");
    for name in names {
        let (code, text, _) = page(name).await;
        assert_eq!(code, Some(0), "{name}");
        assert!(
            text.contains(&format!(".TH nbu_exporter-{name} ")),
            "{text}"
        );
    }
    let (_, text, _) = page("check").await;
    assert!(
        text.contains("--ask") && text.contains("--config.file"),
        "{text}"
    );
    assert!(!text.contains("--shard.count"), "{text}");
    assert!(page("guest test").await.1.contains("--golden"));
    let (code, _, text) = page("checks").await;
    assert_eq!(code, Some(2));
    let expected = "nbu_exporter: `nbu_exporter` has no command `checks`\n  hint: did you mean \
                    `check`?\n";
    assert_eq!(text, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_the_collectors_of_each_site_and_counts_warnings() {
    let (paris, rome) = (lively().await, lively().await);
    let sites = [("paris", &paris), ("rome", &rome)];
    let folder = folder(&sites, "collectors: { alerts: { enabled: true } }");
    let output = Program::output(&["check"], folder.path()).await;
    let text = said(&output.stdout);
    for site in ["paris", "rome"] {
        let line = format!("\n{site}: collectors storage, jobs, alerts; off: malware, catalog, ");
        assert!(text.contains(&line), "{text}");
    }
    assert!(text.ends_with("\nno problems found\n"), "{text}");
    write(
        &folder.path().join("config.yaml"),
        &sites,
        "server: { collectionInterval: 2h }",
    );
    let output = Program::output(&["check"], folder.path()).await;
    let text = said(&output.stdout);
    assert!(text.ends_with("\n1 warning, no errors\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_enable_collectors_and_check_the_configuration() {
    let simulator = lively().await;
    let folder = folder(&[("paris", &simulator)], "");
    let check = async |flags: &[&str]| {
        let flags = [&["--config.check"], flags].concat();
        Program::output(&flags, folder.path()).await
    };
    assert_eq!(code(&check(&["--collector.tape"]).await), Some(0));
    for flag in ["--collector.tpae", "--no-collector.tpae"] {
        let output = check(&[flag]).await;
        assert_eq!(code(&output), Some(2));
        let expected = format!(
            "nbu_exporter: {flag}: collectors.tpae: the guest has no collector `tpae`\n  hint: \
             did you mean `tape`?\n"
        );
        assert_eq!(said(&output.stderr), expected);
    }
    let flags = ["collect", "--collector.tape", "--no-collector.jobs"];
    let output = Program::output(&flags, folder.path()).await;
    let text = said(&output.stdout);
    assert!(
        text.contains("\nnbu_tape_") && !text.contains("\nnbu_jobs_"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_is_required_and_both_flags_work() {
    let simulator = lively().await;
    let folder = folder(&[], "");
    write(
        &folder.path().join("own.yaml"),
        &[("paris", &simulator)],
        "",
    );
    for flags in [["--config.file", "own.yaml"], ["--config", "own.yaml"]] {
        let output = Program::output(&["check", flags[0], flags[1]], folder.path()).await;
        assert_eq!(code(&output), Some(0), "{output:?}");
        assert!(said(&output.stdout).starts_with("own.yaml: 1 site(s)"));
    }
    // It also sent no request to NetBackup.
    assert_eq!(simulator.requests().total(), 0);
    for command in [
        &["check", "--config.file=none.yaml"][..],
        &["--config=none.yaml"],
    ] {
        let output = Program::output(command, folder.path()).await;
        assert_eq!(code(&output), Some(2), "{output:?}");
        let text = said(&output.stderr);
        assert!(
            text.contains("none.yaml: the file does not exist"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_reports_all_problems_of_an_invalid_configuration() {
    let folder = TempDir::new().unwrap();
    let text = "server: { port: x, cacheTTL: 5 }\nnbuserver: { hots: a, apiKey: k }\n";
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    for command in [&["check"][..], &["collect"], &[]] {
        let output = Program::output(command, folder.path()).await;
        assert_eq!(code(&output), Some(2), "{command:?}");
        assert_eq!(said(&output.stdout), "", "{command:?}");
        let text = said(&output.stderr);
        for at in [
            "server.port",
            "server.cacheTTL",
            "nbuserver.hots",
            "nbuserver.host",
        ] {
            assert!(
                text.contains(&format!(": {at}: ")),
                "{at} of {command:?}: {text}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_guest_fails_the_check() {
    let simulator = lively().await;
    let folder = folder(&[("paris", &simulator)], "guest: { path: guest.wasm }");
    fs::write(folder.path().join("guest.wasm"), "not wasm").unwrap();
    let output = Program::output(&["check"], folder.path()).await;
    assert_eq!(code(&output), Some(2));
    let text = said(&output.stderr);
    assert!(text.contains("not a WebAssembly component"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn collect_prints_only_metrics_on_stdout_and_logs_on_stderr() {
    let (one, two) = (lively().await, lively().await);
    let folder = folder(&[("paris", &one), ("lyon", &two)], "");
    let output = Program::output(&["collect", "--debug"], folder.path()).await;
    assert_eq!(code(&output), Some(0), "{output:?}");
    let page = Exposition::parse(&said(&output.stdout));
    for site in ["paris", "lyon"] {
        assert_eq!(page.value("nbu_up", &[("site", site)]), Some(1.0));
        assert!(page.sum("nbu_jobs_window", &[("site", site)]) > 0.0);
    }
    assert!(said(&output.stderr).contains("level=debug"));

    let output = Program::output(&["collect", "--site", "lyon"], folder.path()).await;
    assert_eq!(code(&output), Some(0), "{output:?}");
    let page = Exposition::parse(&said(&output.stdout));
    assert!(page.all("nbu_up", &[("site", "paris")]).is_empty());
    assert_eq!(page.value("nbu_up", &[("site", "lyon")]), Some(1.0));

    let output = Program::output(&["collect", "--site", "nowhere"], folder.path()).await;
    assert_eq!(code(&output), Some(2));
    let text = said(&output.stderr);
    let expected = "the configuration has no site `nowhere`\n  hint: its sites are `paris`, `lyon`";
    assert!(text.contains(expected), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn collect_exits_with_1_after_a_failed_collector_and_prints_the_others() {
    let simulator = lively().await;
    simulator.faults().set_on("/admin/jobs", Fault::Status(500));
    let folder = folder(&[("paris", &simulator)], "");
    let output = Program::output(&["collect"], folder.path()).await;
    assert_eq!(code(&output), Some(1), "{output:?}");
    let page = Exposition::parse(&said(&output.stdout));
    assert!(page.sum("nbu_disk_bytes", &[]) > 0.0);
    assert!(page.all("nbu_jobs_window", &[]).is_empty());
    let success = |name| page.value("nbu_collector_success", &[("collector", name)]);
    assert_eq!(
        [success("storage"), success("jobs")],
        [Some(1.0), Some(0.0)]
    );
    let log = said(&output.stderr);
    assert!(
        log.contains("Collection failed") && log.contains("500"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_about_an_address_in_use() {
    let simulator = lively().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let rest = format!("server: {{ host: 127.0.0.1, port: {} }}", address.port());
    let folder = folder(&[("paris", &simulator)], &rest);
    let output = Program::output(&["check"], folder.path()).await;
    assert_eq!(code(&output), Some(0), "{output:?}");
    let text = said(&output.stderr);
    assert!(
        text.contains(&format!(
            "warning: config.yaml:1: server.port: cannot listen on {address}"
        )),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn check_reports_the_problems_of_the_file_and_of_the_guest_together() {
    let simulator = lively().await;
    let rest = "server: { prot: 1 }\ncollectors: { jobs: { unknown: 1 } }";
    let folder = folder(&[("paris", &simulator)], rest);
    let output = Program::output(&["check"], folder.path()).await;
    assert_eq!(code(&output), Some(2), "{output:?}");
    let text = said(&output.stderr);
    assert!(text.contains("server.prot: unknown key"), "{text}");
    assert!(text.contains("has no option `unknown`"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_guest_collects_as_the_guide_says() {
    let simulator = lively().await;
    let rest = "collectors: { storage: { enabled: false } }\nguest: { path: minimal.wasm }";
    let folder = folder(&[("paris", &simulator)], rest);
    fs::write(folder.path().join("minimal.wasm"), guests::MINIMAL).unwrap();
    let output = Program::output(&["collect"], folder.path()).await;
    assert_eq!(code(&output), Some(0), "{output:?}");
    let page = Exposition::parse(&said(&output.stdout));
    assert_eq!(page.value("nbu_answer", &[("site", "paris")]), Some(42.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_shows_capabilities_and_explains_invalid_files() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    file("good.wasm", &guests::good());
    let output = Program::output(&["inspect", "good.wasm"], folder.path()).await;
    assert_eq!(code(&output), Some(0), "{output:?}");
    let text = said(&output.stdout);
    let digest = text
        .lines()
        .find_map(|line| line.strip_prefix("sha256     "));
    assert_eq!(digest.map(str::len), Some(64), "{text}");
    for part in [
        "name       netbackup\n",
        "version  ",
        "contract   0.2\n",
        " functions in ",
        "collector storage (on by default, reused for server.cacheTTL)",
        "collector jobs (on by default, read in every collection)",
        "    GET /admin/jobs\n",
        "    |MANAGE|JOBS|\n",
        "    overlap (1 s to 280800 s, 5m): How late a finished job may appear",
        "    nbu_jobs_window {",
        "\nimports\n",
        "  wasi:http/outgoing-handler@",
    ] {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }

    file("garbage.wasm", b"garbage");
    file("half.wasm", &guests::good()[..10_000]);
    file("empty.wasm", &guests::without_exports());
    for (name, why) in [
        ("garbage.wasm", "not a WebAssembly component"),
        ("half.wasm", "not a WebAssembly component"),
        ("empty.wasm", "does not fit this host"),
        ("missing.wasm", "cannot read the guest `missing.wasm`"),
    ] {
        let output = Program::output(&["inspect", name], folder.path()).await;
        assert_eq!(code(&output), Some(2), "{name}");
        assert_eq!(said(&output.stdout), "", "{name}");
        let text = said(&output.stderr);
        assert!(text.contains(why), "{name}: {text}");
    }
}
