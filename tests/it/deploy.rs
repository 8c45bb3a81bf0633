//! The files for deployment keep the promises of SECURITY.md and README.md.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use tests::Program;

/// The required memory: the exporter at rest and a compiler at its limit, in MiB.
const LEAST_MEMORY: u64 = 60 + 1024;

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn unit() -> String {
    file("systemd/nbu_exporter.service")
}

/// The number between two texts.
fn number(text: &str, before: &str, after: &str) -> u64 {
    let (_, rest) = text.split_once(before).unwrap();
    rest.split_once(after).unwrap().0.parse().unwrap()
}

#[test]
fn the_unit_drops_every_unneeded_privilege() {
    let unit = unit();
    let has = |line: &str| unit.lines().any(|one| one == line);
    for line in [
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "PrivateUsers=yes",
        "ProtectSystem=strict",
        "ProtectProc=invisible",
        "ProcSubset=pid",
        "LimitCORE=0",
        "LimitNOFILE=16384",
        "OOMPolicy=continue",
        "RestartSec=5s",
        "TasksMax=1024",
    ] {
        assert!(has(line), "`{line}` is missing");
    }
    // The exporter generates and runs machine code, which this would prevent.
    assert!(!has("MemoryDenyWriteExecute=yes"));
    assert!(number(&unit, "MemoryMax=", "M\n") >= LEAST_MEMORY);
}

#[test]
fn the_seccomp_filter_of_the_unit_allows_landlock() {
    let unit = unit();
    // Each line adds to the previous lines or subtracts from them.
    let mut allowed = false;
    for line in unit.lines() {
        match line.strip_prefix("SystemCallFilter=") {
            Some(calls) if calls.starts_with('~') => allowed &= !calls.contains("landlock"),
            Some(calls) => {
                let calls: Vec<&str> = calls.split_whitespace().collect();
                allowed |= ["create_ruleset", "add_rule", "restrict_self"]
                    .iter()
                    .all(|call| calls.contains(&&*format!("landlock_{call}")));
            }
            None => {}
        }
    }
    assert!(allowed);
}

#[test]
fn systemd_accepts_the_unit_and_rates_its_exposure_low() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("nbu_exporter.service");
    let program = Program::path("nbu_exporter").display().to_string();
    let unit = unit().replace("/usr/local/bin/nbu_exporter", &program);
    fs::write(&path, unit).unwrap();
    for arguments in [
        &["verify"][..],
        // In tenths of a point. The remaining exposure is mostly the network, which
        // the exporter needs.
        &["security", "--offline=true", "--threshold=12"],
    ] {
        let output = Command::new("systemd-analyze")
            .args(arguments)
            .arg(&path)
            .output();
        let Ok(output) = output else {
            return eprintln!("skipped: `systemd-analyze` is not installed");
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        assert!(!said.contains("Unknown"), "{arguments:?}: {said}");
    }
}

#[test]
fn systemd_accepts_the_socket_unit_with_its_service() {
    let folder = TempDir::new().unwrap();
    let program = Program::path("nbu_exporter").display().to_string();
    let unit = unit().replace("/usr/local/bin/nbu_exporter", &program);
    fs::write(folder.path().join("nbu_exporter.service"), unit).unwrap();
    let path = folder.path().join("nbu_exporter.socket");
    fs::write(&path, file("systemd/nbu_exporter.socket")).unwrap();
    let mut command = Command::new("systemd-analyze");
    let Ok(output) = command.arg("verify").arg(&path).output() else {
        return eprintln!("skipped: `systemd-analyze` is not installed");
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_manifests_give_only_the_exporter_the_key_and_allow_only_netbackup() {
    let manifests = file("kubernetes/nbu_exporter.yaml");
    for text in [
        "fsGroup: 65534",
        "secretName: nbu-exporter, defaultMode: 0440",
        "readOnlyRootFilesystem: true",
        "allowPrivilegeEscalation: false",
        "seccompProfile: { type: RuntimeDefault }",
        "automountServiceAccountToken: false",
        "kind: NetworkPolicy",
        "policyTypes: [Ingress, Egress]",
        "port: 1556",
        "port: 53",
    ] {
        assert!(manifests.contains(text), "`{text}` is missing");
    }
    assert!(number(&manifests, "limits: { memory: ", "Mi }") >= LEAST_MEMORY);
    assert!(!manifests.contains(":latest"));
}

#[test]
fn no_kubernetes_probe_sends_requests_to_netbackup() {
    let manifests = file("kubernetes/nbu_exporter.yaml");
    let paths: Vec<&str> = manifests
        .lines()
        .filter_map(|line| line.trim().strip_prefix("httpGet: { path: "))
        .filter_map(|rest| rest.split(',').next())
        .collect();
    assert_eq!(paths, ["/-/healthy", "/-/ready"]);
}

/// The tests of the Prometheus rules, in one text.
fn rule_tests() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus/tests");
    let files = fs::read_dir(folder).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    texts.collect()
}

#[test]
fn every_alert_is_complete_and_has_a_runbook_and_tests_that_fire_and_stay_silent() {
    let rules = file("prometheus/rules.yml");
    let runbooks = file("../docs/runbooks.md");
    let tests = rule_tests();
    let mut names = Vec::new();
    for alert in rules.split("- alert: ").skip(1) {
        let name = alert.lines().next().unwrap();
        let anchor = format!("docs/runbooks.md#{}\n", name.to_lowercase());
        for part in ["for: ", "severity: ", "summary: ", "description: ", &anchor] {
            assert!(alert.contains(part), "{name} lacks `{part}`");
        }
        let fires = format!("alertname: {name}\n        exp_alerts:\n");
        assert!(tests.contains(&fires), "no test makes {name} fire");
        let silent = format!("alertname: {name} }}\n");
        assert!(tests.contains(&silent), "no test keeps {name} silent");
        names.push(name);
    }
    let paragraphs = runbooks
        .lines()
        .filter_map(|line| line.strip_prefix("### "));
    let mut paragraphs: Vec<&str> = paragraphs.collect();
    paragraphs.sort_unstable();
    names.sort_unstable();
    assert_eq!(paragraphs, names);
}

#[test]
fn every_family_in_the_rules_and_runbooks_exists() {
    let reference = file("../docs/metrics.md");
    let texts = file("prometheus/rules.yml") + &file("../docs/runbooks.md");
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = texts.split(|c: char| !is_part(c));
    // Names of recording rules contain a colon.
    let families = words.filter(|word| word.starts_with("nbu_") && !word.contains(':'));
    for name in families.filter(|name| *name != "nbu_exporter") {
        let known = reference.contains(&format!("\n| `{name}` |"));
        assert!(known, "`{name}`");
    }
}
