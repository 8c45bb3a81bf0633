//! `diff`.

use std::fs;

use tests::{Program, guests};

use super::{recorded, said};

const RULES: &str = "groups:
- name: x
  rules:
  - alert: TooManyJobs
    expr: sum(nbu_jobs_window) > 5
  - alert: Unrelated
    expr: up == 0
";

const DASHBOARD: &str = r#"{ "title": "Jobs", "panels": [
  { "title": "Window", "targets": [{ "expr": "sum by (site) (nbu_jobs_window)" }] },
  { "title": "Up", "targets": [{ "expr": "up" }] }
] }"#;

#[tokio::test(flavor = "multi_thread")]
async fn changes_between_guests_and_what_uses_removed_families_are_listed() {
    let folder = recorded().await;
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("old.wasm", &guests::good());
    write("same.wasm", &guests::good_with("another digest"));
    write("new.wasm", guests::MINIMAL);
    write("rules.yml", RULES.as_bytes());
    write("jobs.json", DASHBOARD.as_bytes());
    let diff = async |new: &str| {
        let command = ["diff", "old.wasm", new, "--bundle", "site.bundle"];
        let files = ["--rules", "rules.yml", "--dashboard", "jobs.json"];
        Program::output(&[&command[..], &files].concat(), folder.path()).await
    };
    let output = diff("same.wasm").await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(said(&output.stdout), "no difference\n");

    let output = diff("new.wasm").await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = said(&output.stdout);
    for line in [
        "declared:\n",
        "  - family `nbu_jobs_window` of `jobs`\n",
        "reported:\n",
        "  - family `nbu_jobs_window`, a gauge\n",
        "      - nbu_jobs_window{site=\"",
        "used:\n",
        "  rules.yml: line 4: alert `TooManyJobs` uses family `nbu_jobs_window`\n",
        "  jobs.json: panel `Window` uses family `nbu_jobs_window`\n",
    ] {
        assert!(text.contains(line), "`{line}` is not in {text}");
    }
    assert_eq!(text.matches(" uses ").count(), 2, "{text}");
    let text = said(&output.stderr);
    assert!(
        text.contains("2 rules or panels use what the new guest does not have"),
        "{text}"
    );
    // In flow style no line begins a rule.
    let flow = "groups: [{ rules: [{ alert: X, expr: nbu_jobs_window }] }]";
    write("rules.yml", flow.as_bytes());
    let output = diff("new.wasm").await;
    let text = said(&output.stderr);
    let why = "`rules.yml`: expected rules with a line `alert: NAME` or `record: NAME` each";
    assert!(text.contains(why), "{text}");
}
