//! `check --ask` says what the API key of each site may read.

use std::fs;
use std::process::Output;

use simulator::{Authority, Fault};
use tempfile::TempDir;
use tests::{Client, Program, eventually};

use super::{folder, lively};

const MORE: &str = "collectors: { alerts: { enabled: true }, slo: { enabled: true } }";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The columns of the line of an endpoint, the last one with spaces.
fn line(output: &Output, site: &str, endpoint: &str) -> Vec<String> {
    let said = text(&output.stdout);
    let columns = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let (head, rest) = words.split_at(words.len().min(6));
        let head = head.iter().map(|it| (*it).to_owned());
        head.chain([rest.join(" ")]).collect::<Vec<_>>()
    };
    let mut lines = said.lines().map(columns);
    let found = lines.find(|it| it.len() == 7 && it[0] == site && it[2] == endpoint);
    found.unwrap_or_else(|| panic!("no `{endpoint}` of `{site}`\n{said}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_allowed_is_listed_with_its_requests() {
    let (one, two) = (lively().await, lively().await);
    let folder = folder(&[("paris", &one), ("lyon", &two)], MORE);
    let output = Program::output(&["check", "--ask"], folder.path()).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for site in ["paris", "lyon"] {
        for (collector, endpoint) in [
            ("jobs", "/admin/jobs"),
            ("storage", "/storage/storage-units"),
            ("storage", "/storage/disk-pools"),
            ("alerts", "/manage/alerts"),
            ("slo", "/servicecatalog/slos"),
        ] {
            let line = line(&output, site, endpoint);
            assert_eq!((&*line[1], &*line[6]), (collector, "allowed"), "{line:?}");
            assert!(line[4].parse::<u64>().unwrap() > 0, "{line:?}");
            assert!(line[5].parse::<f64>().is_ok(), "{line:?}");
        }
        let series: u64 = line(&output, site, "/admin/jobs")[3].parse().unwrap();
        assert!(series > 10, "{series}");
    }
    let disabled = text(&output.stdout);
    assert!(!disabled.contains("tape"), "{disabled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_named_and_exits_with_1() {
    let (one, two) = (lively().await, lively().await);
    one.faults().set_on("/manage/alerts", Fault::Status(403));
    let units = "/storage/storage-units";
    one.faults().set_on(units, Fault::Status(403));
    let folder = folder(&[("paris", &one), ("lyon", &two)], MORE);
    let output = Program::output(&["check", "--ask"], folder.path()).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let result = |site, endpoint| line(&output, site, endpoint)[6].clone();
    let missing = "missing |MANAGE|EMAIL-NOTIFICATIONS| (403)";
    assert_eq!(result("paris", "/manage/alerts"), missing);
    let storage = result("paris", units);
    assert!(
        storage.starts_with("missing one of |STORAGE|STORAGE-UNITS| "),
        "{storage}"
    );
    for (site, endpoint) in [
        ("paris", "/storage/disk-pools"),
        ("paris", "/admin/jobs"),
        ("lyon", "/manage/alerts"),
        ("lyon", units),
    ] {
        assert_eq!(result(site, endpoint), "allowed", "{site} {endpoint}");
    }
    let said = text(&output.stderr);
    assert!(said.contains("`2` of "), "{said}");
    let hint = "hint: paris, alerts: if the API key is still valid, give its role the operation \
                VIEW on `|MANAGE|EMAIL-NOTIFICATIONS|`, or disable the collector";
    assert!(said.contains(hint), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_no_missing_permission() {
    let simulator = lively().await;
    let folder = folder(&[("paris", &simulator)], "");
    simulator.set_api_key("another");
    let output = Program::output(&["check", "--ask"], folder.path()).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(line(&output, "paris", "(all)")[6], "key rejected (401)");
    assert_eq!(text(&output.stdout).lines().count(), 4, "{output:?}");
    let said = text(&output.stderr);
    assert!(said.contains("hint: paris, "), "{said}");
    assert!(
        said.ends_with("extend or replace the API key, or give its user a role\n"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_failure_is_named_too() {
    let simulator = lively().await;
    simulator
        .faults()
        .set_on("/manage/alerts", Fault::Status(500));
    let folder = folder(&[("paris", &simulator)], MORE);
    let output = Program::output(&["check", "--ask"], folder.path()).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let alerts = &line(&output, "paris", "/manage/alerts")[6];
    assert!(alerts.starts_with("answered 500"), "{alerts}");
    assert_eq!(line(&output, "paris", "/admin/jobs")[6], "allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_the_server_lacks_is_not_missing() {
    let simulator = lively().await;
    let servers = "/storage/storage-servers";
    simulator.faults().set_on(servers, Fault::NotFound);
    let folder = folder(&[("paris", &simulator)], "");
    let output = Program::output(&["check", "--ask"], folder.path()).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(line(&output, "paris", servers)[6], "not on this server");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_connection_has_the_words_of_the_log_and_the_status_page() {
    let simulator = lively().await;
    let folder = TempDir::new().unwrap();
    let authority = Authority::new().unwrap().pem();
    fs::write(folder.path().join("ca.pem"), authority).unwrap();
    let port = simulator.address().port();
    // The scheme is https, and the server has no TLS.
    let site = format!("site: paris, host: 127.0.0.1, port: {port}, apiKey: k, caFile: ca.pem");
    let config = format!("nbuservers: [{{ {site} }}]\n");
    fs::write(folder.path().join("config.yaml"), config).unwrap();
    let error = "the server did not respond with TLS";
    let hint = "correct `port`, or set `scheme: http` if the server has no TLS";

    let output = Program::output(&["check", "--ask"], folder.path()).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let expected = format!("`https://127.0.0.1:{port}`: {error}");
    assert_eq!(line(&output, "paris", "(all)")[6], expected);
    let said = text(&output.stderr);
    let advice = format!("hint: paris, storage, jobs: {hint}\n");
    assert!(said.ends_with(&advice), "{said}");

    let mut program = Program::serve(folder.path());
    let address = program.address().await;
    let logged = program.line("Collection failed").await;
    assert!(logged.contains(error) && logged.contains(hint), "{logged}");
    let client = Client::new(address);
    let marked = hint.replacen("`port`", "<code>port</code>", 1);
    let marked = marked.replace("`scheme: http`", "<code>scheme: http</code>");
    eventually("the status page has the same words", async || {
        let page = client.get("/").await.text();
        page.contains(error) && page.contains(&format!("Hint: {marked}"))
    })
    .await;
    let health = client.get("/health").await.text();
    assert!(
        health.contains(&format!("paris: UNREACHABLE, {expected}\n")),
        "{health}"
    );
}
