//! Level, format and target of the log, which belongs to the whole process.

use std::fs;

use simulator::Simulator;
use tempfile::TempDir;
use tests::{Client, Program, eventually};

use super::{KEY, Keys, paris};

pub(super) const KEYS: &[Keys] = &[
    ("", &["server", "opentelemetry"]),
    ("server", &["logName", "logLevel", "logFormat"]),
    ("opentelemetry", &["enabled"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn level_format_and_target_of_the_log_can_be_reloaded() {
    let simulator = Simulator::start(Default::default()).await.unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.yaml");
    let with = |server: &str, rest: &str| {
        let text = paris(&simulator, KEY, &format!("server: {{ {server} }}\n{rest}"));
        fs::write(&file, text).unwrap();
    };
    with("collectionInterval: 100ms", "");
    let listen = "--web.listen-address=127.0.0.1:0";
    let mut program = Program::start(&[listen], folder.path());
    let client = Client::new(program.address().await);
    program.line("Generation is current").await;

    with("collectionInterval: 100ms, logLevel: debug", "");
    let line = program.line("Cache hit for storage metrics").await;
    assert!(line.contains("level=debug"), "{line}");
    assert!(
        !program
            .log
            .iter()
            .take(2)
            .any(|line| line.contains("debug"))
    );

    with("logFormat: json", "opentelemetry: { enabled: true }");
    // In JSON: an earlier line in the other format may arrive late.
    let line = program
        .line(":\"Configuration reloaded successfully\"")
        .await;
    let json: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
    assert_eq!(json["level"], "info");
    let warned = |line: &String| line.contains("traces are not exported");
    assert!(program.log.iter().any(warned), "{:#?}", program.log);

    // A process that was restricted without a log file needs a restart to write one.
    with("logName: own.log", "");
    let answer = client.post("/-/reload").await;
    if !answer.status.is_success() {
        assert!(answer.text().contains("restart"), "{}", answer.text());
        program = Program::start(&[listen], folder.path());
    }
    let own = folder.path().join("own.log");
    eventually("the file is written to", async || {
        fs::read_to_string(&own).is_ok_and(|log| log.contains("Generation is current"))
    })
    .await;
    drop(program);
}
