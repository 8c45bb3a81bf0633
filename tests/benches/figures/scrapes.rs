//! How many scrapes a second one exporter answers.
//!
//! Eight threads, each with a connection that it keeps, ask as fast as they are
//! answered. They only look for the end of each body, so that they take little
//! of the processor that they share with the exporter; what they take counts
//! against it all the same.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use simulator::{Estate, Options, Simulator, Unit};
use tempfile::TempDir;
use tests::{Client, Program, eventually};

use crate::table::Table;

const CLIENTS: usize = 8;
const TIME: Duration = Duration::from_secs(5);

pub(crate) async fn measure(table: &mut Table) {
    for (kilobytes, units) in [(80, 106), (400, 591)] {
        page(table, kilobytes, units).await;
    }
}

/// Measures a page of about so many kilobytes, which so many storage units make.
async fn page(table: &mut Table, kilobytes: u32, units: u32) {
    let mut estate = Estate::empty();
    for number in 0..units {
        let name = format!("storage-unit-{number:04}");
        estate.add_unit(Unit::new(&name, 1 << 45, (1 << 30) * u64::from(number)));
    }
    let options = Options {
        estate,
        ..Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let folder = TempDir::new().unwrap();
    let configuration = crate::configuration(simulator.address().port());
    fs::write(folder.path().join("config.yaml"), configuration).unwrap();
    let mut program = crate::exporter(folder.path());
    let address = program.address().await;
    let client = Client::new(address);
    eventually("the site is read", async || {
        client.scrape().await.value("nbu_up", &[]) == Some(1.0)
    })
    .await;
    let size = client.get("/metrics").await.bytes.len();
    for (encoding, name) in [("identity", "plain"), ("gzip", "gzip")] {
        let before = processor(&program);
        let load = tokio::task::spawn_blocking(move || load(address, encoding));
        let (answers, time, sent) = load.await.unwrap();
        let each = (processor(&program) - before).as_secs_f64() * 1e6 / answers;
        let what = format!("scrapes, {kilobytes} KB page, {name}");
        let rate = answers / time.as_secs_f64();
        let how =
            format!("8 keep-alive clients; {size} bytes, {sent} sent; {each:.0} µs of processor");
        table.add(what, format!("{rate:.0} /s"), &how);
    }
}

/// What the exporter has used of the processor: this stays comparable when the
/// machine does other work besides.
fn processor(program: &Program) -> Duration {
    let threads = fs::read_dir(format!("/proc/{}/task", program.id())).unwrap();
    let used = threads.map(|thread| {
        // Nanoseconds on a processor, nanoseconds of waiting, turns.
        let text = fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        let nanoseconds = text.split(' ').next().unwrap().parse();
        Duration::from_nanos(nanoseconds.unwrap())
    });
    used.sum()
}

/// Answers over all clients, the time that took, and the bytes of one body.
fn load(address: SocketAddr, encoding: &'static str) -> (f64, Duration, usize) {
    let began = Instant::now();
    let client = || thread::spawn(move || scrape(address, encoding, began + TIME));
    let clients: Vec<_> = (0..CLIENTS).map(|_| client()).collect();
    let ended = clients.into_iter().map(|client| client.join().unwrap());
    let (answers, sizes): (Vec<u32>, Vec<usize>) = ended.unzip();
    let answers = f64::from(answers.iter().sum::<u32>());
    (answers, began.elapsed(), sizes[0])
}

fn scrape(address: SocketAddr, encoding: &str, until: Instant) -> (u32, usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let request =
        format!("GET /metrics HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: {encoding}\r\n\r\n");
    let mut buffer = vec![0; 1 << 20];
    let (mut answers, mut size) = (0, 0);
    while Instant::now() < until {
        stream.write_all(request.as_bytes()).unwrap();
        size = answer(&mut stream, &mut buffer);
        answers += 1;
    }
    (answers, size)
}

/// Reads one answer to its end; gives the bytes of its body.
fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    let (body, length) = loop {
        filled += read(stream, &mut buffer[filled..]);
        if let Some(end) = buffer[..filled].windows(4).position(|w| w == b"\r\n\r\n") {
            break (end + 4, length(&buffer[..end]));
        }
    };
    while filled < body + length {
        filled += read(stream, &mut buffer[filled..]);
    }
    length
}

fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    match stream.read(buffer).unwrap() {
        0 => panic!("the exporter closed the connection"),
        bytes => bytes,
    }
}

/// Of the head of a 200.
fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let line = head.lines().find_map(|l| l.strip_prefix("content-length:"));
    line.unwrap().trim().parse().unwrap()
}
