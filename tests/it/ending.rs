//! The exporter ends in time, whatever its threads wait for.

use std::fs;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tests::{Program, eventually, guests};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// `shutdownTimeout` and the second that the last log lines may take.
const LIMIT: Duration = Duration::from_secs(1 + 1);
/// For a machine that is busy.
const MARGIN: Duration = Duration::from_secs(5);

fn folder(server: &str) -> TempDir {
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

/// Seconds of processor time that a process has had.
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
async fn a_thread_that_never_comes_back_does_not_hold_up_the_end() {
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

/// The binary, with a standard output that only the test reads.
async fn serving(folder: &Path) -> (Child, BufReader<tokio::process::ChildStdout>) {
    let mut child = Command::new(Program::path("nbu_exporter"))
        .arg("--web.listen-address=127.0.0.1:0")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("Generation is current") {
        line.clear();
        assert!(log.read_line(&mut line).await.unwrap() > 0, "it has ended");
    }
    (child, log)
}

async fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status().await;
    assert!(sent.unwrap().success());
}

/// Every thread that logs waits for the reader, and that which ends the exporter logs.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_does_not_hold_up_the_end() {
    let folder = folder("");
    let (mut child, log) = serving(folder.path()).await;
    // Told in one line that does not fit into a pipe.
    let problems: String = (0..3000).map(|n| format!("unknown{n}: 1\n")).collect();
    fs::write(folder.path().join("config.yaml"), problems).unwrap();
    signal(&child, "HUP").await;
    let full = async || rustix::io::ioctl_fionread(log.get_ref().as_fd()).unwrap() > 60_000;
    eventually("the pipe is full", full).await;
    let asked = Instant::now();
    signal(&child, "TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(60), child.wait()).await;
    let ended: ExitStatus = ended.expect("it ends").unwrap();
    assert_eq!(ended.code(), Some(1), "the end was not in good order");
    assert!(asked.elapsed() < LIMIT + MARGIN, "{:?}", asked.elapsed());
}
