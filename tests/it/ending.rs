//! The exporter shuts down in time, even with hung threads.

use std::fs;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tests::{Program, eventually, guests};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// `shutdownTimeout` plus one second for the last log lines.
pub(crate) const LIMIT: Duration = Duration::from_secs(1 + 1);
/// A margin for a busy machine.
pub(crate) const MARGIN: Duration = Duration::from_secs(5);

/// A configuration and a guest that needs no server.
pub(crate) fn folder(server: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let config = format!(
        "server: {{ shutdownTimeout: 1s{server} }}\n\
         nbuserver: {{ site: paris, scheme: http, host: 127.0.0.1, port: 9, apiKey: k }}\n\
         {}",
        guests::GUEST
    );
    fs::write(folder.path().join("config.yaml"), config).unwrap();
    guests::install(
        &guests::behaving("steady", 1),
        &folder.path().join(guests::FILE),
    );
    folder
}

/// The processor time of a process in seconds.
fn processor_seconds(id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<_> = fields.split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// A password check of the highest cost takes days, on a thread that cannot be
/// stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_hung_thread_does_not_delay_shutdown() {
    let folder = folder(", webConfigFile: web.yaml");
    let hash = format!("$2b$31${}", "a".repeat(21) + "e" + &"a".repeat(31));
    let web = format!("basic_auth_users: {{ prometheus: '{hash}' }}");
    fs::write(folder.path().join("web.yaml"), web).unwrap();
    let mut program = Program::serve(folder.path());
    let address = program.address().await;
    program.line("Generation is current").await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let request =
        "GET /metrics HTTP/1.1\r\nhost: x\r\nauthorization: Basic cHJvbWV0aGV1czp4\r\n\r\n";
    let before = processor_seconds(program.id());
    client.write_all(request.as_bytes()).await.unwrap();
    let busy = async || processor_seconds(program.id()) > before + 0.5;
    eventually("the password is being checked", busy).await;
    let asked = Instant::now();
    program.signal("TERM").await;
    assert_eq!(program.wait().await, Some(0));
    assert!(asked.elapsed() < LIMIT + MARGIN, "{:?}", asked.elapsed());
}
