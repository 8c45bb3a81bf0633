//! A key is sent to its site and never shown.

use std::fs;

use simulator::{Fault, Simulator};
use tempfile::TempDir;
use tests::{Client, Program, eventually, guests};

/// Parts of keys that occur nowhere else.
const CANARY: &str = "CaNaRy";

/// A configuration with a key from each kind of source.
fn config(simulator: &Simulator, key: &str, rest: &str) -> String {
    let port = simulator.address().port();
    let site = |name: &str, key: &str| {
        format!("- {{ site: {name}, scheme: http, host: 127.0.0.1, port: {port}, {key} }}\n")
    };
    let plain = site("plain", &format!("apiKey: '{key}'"));
    let variable = site("variable", "apiKey: '${NBU_TEST_CANARY}'");
    let file = site("file", "apiKeyFile: canary.key");
    let often = "server: { collectionInterval: 100ms, cacheTTL: 100ms }";
    format!("{often}\nnbuservers:\n{plain}{variable}{file}{rest}\n")
}

/// The responses of the program at every path.
async fn answers(client: &Client) -> String {
    let mut all = String::new();
    for path in ["/metrics", "/health", "/config", "/", "/-/ready", "/none"] {
        all += &client.get(path).await.text();
    }
    all + &client.post("/-/reload").await.text()
}

fn hidden(text: &str) {
    let shown = text.lines().find(|line| line.contains(CANARY));
    assert_eq!(shown, None);
}

async fn until(client: &Client, what: &str, name: &str, labels: &[(&str, &str)]) {
    eventually(what, async || client.scrape().await.sum(name, labels) > 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_shown_by_a_log_at_trace_level_a_page_or_an_error() {
    let simulator = Simulator::start(Default::default()).await.unwrap();
    let good = format!("{CANARY}-1");
    simulator.set_api_key(&good);
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(".env", &format!("NBU_TEST_CANARY={good}\n"));
    write("canary.key", &good);
    write("config.yaml", &config(&simulator, &good, ""));
    // Includes the trace logs of every library.
    let level = "--log.level=trace,nbu_exporter=trace";
    let flags = ["--web.listen-address=127.0.0.1:0", level];
    let mut program = Program::start(&flags, folder.path());
    let client = Client::new(program.address().await);

    let file = [("site", "file")];
    until(&client, "it is read", "nbu_up", &file).await;
    hidden(&answers(&client).await);

    // First a server that rejects the key, then one that echoes the headers.
    simulator.set_api_key("another");
    let refused = [("site", "plain"), ("reason", "unauthorized")];
    until(
        &client,
        "it is refused",
        "nbu_collector_failures_total",
        &refused,
    )
    .await;
    hidden(&answers(&client).await);
    simulator.faults().set(Fault::EchoRequestHeaders);
    let malformed = [("site", "plain"), ("reason", "malformed")];
    until(
        &client,
        "it is echoed",
        "nbu_collector_failures_total",
        &malformed,
    )
    .await;
    hidden(&answers(&client).await);
    simulator.faults().clear();

    // A rotated key, then a configuration with several problems.
    simulator.set_api_key(&format!("{CANARY}-2"));
    write("canary.key", &format!("{CANARY}-2"));
    hidden(&answers(&client).await);
    for key in [
        format!("{CANARY}\\n{CANARY}"),
        format!("{CANARY}${{"),
        format!("{CANARY}' x"),
    ] {
        write("canary.key", &format!("{CANARY}\n{CANARY}"));
        write(".env", &format!("NBU_TEST_CANARY {CANARY}\n{CANARY}\n"));
        write(
            "config.yaml",
            &config(&simulator, &key, &format!("- [ {CANARY}")),
        );
        let failed = client.post("/-/reload").await;
        assert!(failed.status.is_server_error());
        hidden(&failed.text());
        let yaml = config(&simulator, &key, "- { port: x }").replace('\'', "\"");
        write("config.yaml", &yaml);
        let failed = client.post("/-/reload").await;
        assert!(failed.status.is_server_error(), "{}", failed.text());
        hidden(&failed.text());
        hidden(&answers(&client).await);
    }

    // Also with failing guests, in a process that holds the keys.
    write("canary.key", &good);
    write(".env", &format!("NBU_TEST_CANARY={good}\n"));
    let guest = folder.path().join("guest.wasm");
    let with = |keys: &str| config(&simulator, &good, &format!("guest: {{ {keys} }}"));
    write("config.yaml", &with("memoryLimit: 1MiB"));
    until(
        &client,
        "it breaks",
        "nbu_exporter_guest_faults_total",
        &file,
    )
    .await;
    hidden(&answers(&client).await);
    guests::install(&guests::behaving("steady", 1), &guest);
    for keys in ["allowNewCapabilities: true, canary: { sites: 0 }", ""] {
        write("config.yaml", &with(&format!("path: guest.wasm, {keys}")));
        let taken = client.post("/-/reload").await;
        assert!(taken.status.is_success(), "{}", taken.text());
    }
    guests::install(&guests::behaving("panic", 2), &guest);
    program.line("the trial on site").await;
    hidden(&answers(&client).await);

    program.signal("TERM").await;
    program.line("Stopped").await;
    assert!(program.log.iter().any(|line| line.contains("level=trace")));
    hidden(&program.log.join("\n"));
}
