//! Many clients that are idle, slow or do not read. A well-behaved client at another
//! address is still answered, and neither the program nor the kernel runs out of
//! memory.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tests::{Client, Program, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::folder;

/// The allowed growth of the program. Its guest and page are small here, so this
/// covers connections only.
const GROWTH: u64 = 64 << 20;
/// The kernel's allowed buffer per connection: twice the requested size, plus a
/// margin.
const UNSENT: u64 = 256 << 10;
/// The default of `server.maxConnections` plus the other descriptors of the program.
const DESCRIPTORS: usize = 512 + 64;
/// More than the kernel buffers for one connection.
const ANSWER: usize = 2 << 20;

/// The program with a long response for `/config`.
struct Crowded {
    program: Program,
    address: SocketAddr,
    before: u64,
    _folder: TempDir,
}

impl Crowded {
    async fn start() -> Self {
        // Clients are disconnected only to make room.
        let folder = folder("readTimeout: 1h, writeTimeout: 1h");
        let file = folder.path().join("config.yaml");
        let long = "x".repeat(ANSWER);
        let text = fs::read_to_string(&file).unwrap();
        let text = format!("{text}collectors: {{ other: {{ enabled: false, long: {long} }} }}\n");
        fs::write(&file, text).unwrap();
        let mut program = Program::serve(folder.path());
        let address = program.address().await;
        let mut crowded = Self {
            program,
            address,
            before: 0,
            _folder: folder,
        };
        crowded.answers_a_good_client().await;
        let answer = Client::new(address).get("/config").await;
        assert!(answer.bytes.len() > ANSWER);
        crowded.before = crowded.resident();
        crowded
    }

    /// Uses a new connection each time, like a restarted Prometheus. No scrape may
    /// fail.
    async fn answers_a_good_client(&self) {
        let answer = Client::new(self.address).get("/metrics").await;
        assert!(answer.text().contains("nbu_exporter_build_info"));
    }

    /// Bytes of memory.
    fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
        kilobytes.parse::<u64>().unwrap() << 10
    }

    /// The highest file descriptor. The system assigns the lowest free number, so
    /// this bounds how many were open at once.
    fn descriptors(&self) -> usize {
        let open = fs::read_dir(format!("/proc/{}/fd", self.program.id())).unwrap();
        let number = |entry: io::Result<fs::DirEntry>| {
            let name = entry.unwrap().file_name();
            name.to_string_lossy().parse::<usize>().unwrap()
        };
        open.map(number).max().unwrap()
    }

    /// The kernel's unsent bytes of each connection, including closed ones.
    fn unsent(&self) -> Vec<u64> {
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let local = format!(":{:04X}", self.address.port());
        let queue = |line: &str| {
            let mut fields = line.split_whitespace().skip(1);
            let ours = fields.next()?.ends_with(&local);
            let (unsent, _) = fields.nth(2)?.split_once(':')?;
            ours.then(|| u64::from_str_radix(unsent, 16).unwrap())
        };
        let queues = table.lines().skip(1).filter_map(queue);
        queues.filter(|unsent| *unsent > 0).collect()
    }

    fn stays_small(&self) {
        let grown = self.resident().saturating_sub(self.before);
        assert!(grown < GROWTH, "it has grown by {grown} bytes");
        let descriptors = self.descriptors();
        assert!(descriptors <= DESCRIPTORS, "{descriptors} descriptors");
        let unsent = self.unsent();
        assert!(unsent.iter().all(|bytes| *bytes <= UNSENT), "{unsent:?}");
    }
}

/// A connection of the hostile clients. The well-behaved clients have another
/// address.
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind("127.0.0.2:0".parse().unwrap())?;
    socket.connect(address).await
}

/// As many as requested, or as this process may open.
fn affordable(wanted: usize) -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let files = line.unwrap().split_whitespace().nth(3).unwrap();
    let files = files.parse().unwrap_or(usize::MAX);
    // Other tests run at the same time.
    let affordable = wanted.min(files.saturating_sub(1000) / 2);
    if affordable < wanted {
        println!("only {affordable} connections instead of {wanted}: see `ulimit -n`");
    }
    affordable
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_idle_connections_do_not_block_other_clients() {
    let crowded = Crowded::start().await;
    let mut idle = Vec::new();
    for number in 0..affordable(5000) {
        idle.push(connect(crowded.address).await.unwrap());
        if number % 500 == 499 {
            crowded.answers_a_good_client().await;
        }
    }
    crowded.answers_a_good_client().await;
    crowded.stays_small();
}

/// Sends an endless request, and reconnects when disconnected.
async fn send_slowly(address: SocketAddr) {
    loop {
        let Ok(mut stream) = connect(address).await else {
            continue;
        };
        let mut sent = stream.write_all(b"GET /metrics HTTP/1.1\r\nX: ").await;
        while sent.is_ok() {
            sleep(Duration::from_secs(1)).await;
            sent = stream.write_all(b"x").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_slow_senders_do_not_block_other_clients() {
    let crowded = Crowded::start().await;
    let mut slow_clients = JoinSet::new();
    let crowd = affordable(1000);
    for _ in 0..crowd {
        slow_clients.spawn(send_slowly(crowded.address));
    }
    eventually("every slot is used", async || {
        crowded.descriptors() >= crowd.min(500)
    })
    .await;
    for _ in 0..20 {
        crowded.answers_a_good_client().await;
        crowded.stays_small();
    }
}

/// Sends nothing, and reconnects as soon as it is disconnected.
async fn reconnect_repeatedly(address: SocketAddr, arrivals: Arc<AtomicUsize>) {
    loop {
        let Ok(mut stream) = connect(address).await else {
            continue;
        };
        arrivals.fetch_add(1, Ordering::SeqCst);
        let _ = stream.read(&mut [0]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_is_answered_among_many_that_reconnect() {
    answers_a_slow_client(4).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes a minute: `make verify`"]
async fn slow_clients_are_always_answered_among_many_that_reconnect() {
    answers_a_slow_client(10).await;
}

/// While the client is silent, others take over every connection slot several times.
async fn answers_a_slow_client(rounds: usize) {
    let crowded = Crowded::start().await;
    let arrivals = Arc::new(AtomicUsize::new(0));
    let mut crowd = JoinSet::new();
    for _ in 0..affordable(1200) {
        crowd.spawn(reconnect_repeatedly(crowded.address, Arc::clone(&arrivals)));
    }
    for _ in 0..rounds {
        let mut stream = TcpStream::connect(crowded.address).await.unwrap();
        let before = arrivals.load(Ordering::SeqCst);
        eventually("the hostile clients have reconnected", async || {
            arrivals.load(Ordering::SeqCst) > before + 2500
        })
        .await;
        let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("nbu_exporter_build_info"), "{answer}");
    }
    crowded.stays_small();
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_clients_that_do_not_read_do_not_block_others() {
    let crowded = Crowded::start().await;
    let mut unread = Vec::new();
    for _ in 0..affordable(800) {
        let mut stream = connect(crowded.address).await.unwrap();
        let request = b"GET /config HTTP/1.1\r\nHost: x\r\n\r\n";
        match stream.write_all(request).await {
            Ok(()) => unread.push(stream),
            // The client was already evicted for another.
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }
    eventually("answers wait in the kernel", async || {
        !crowded.unsent().is_empty()
    })
    .await;
    for _ in 0..20 {
        crowded.answers_a_good_client().await;
        crowded.stays_small();
    }
    // The kernel would keep the responses of disconnected clients, and a list of
    // sockets cannot be read atomically.
    eventually("no others wait in the kernel", async || {
        crowded.unsent().len() <= DESCRIPTORS
    })
    .await;
}
