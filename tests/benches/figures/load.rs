//! Scrapes as fast as the server responds.
//!
//! Eight threads, each with a persistent connection. They only search for the end of
//! each body, to use little of the processor that they share with the server. What
//! they use still counts against the server.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 8;
const TIME: Duration = Duration::from_secs(3);

/// The results of the clients.
pub(crate) struct Seen {
    pub(crate) answers: usize,
    pub(crate) rate: f64,
    /// The total of all responses.
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// The size of one body.
    pub(crate) bytes: usize,
}

/// Requests one encoding, `identity` or `gzip`.
pub(crate) async fn load(address: SocketAddr, encoding: &'static str) -> Seen {
    let load = tokio::task::spawn_blocking(move || all(address, encoding));
    load.await.unwrap()
}

fn all(address: SocketAddr, encoding: &'static str) -> Seen {
    let began = Instant::now();
    let client = || thread::spawn(move || scrape(address, encoding, began + TIME));
    let clients: Vec<_> = (0..CLIENTS).map(|_| client()).collect();
    let ended = clients.into_iter().map(|client| client.join().unwrap());
    let (times, sizes): (Vec<Vec<Duration>>, Vec<usize>) = ended.unzip();
    let mut times = times.concat();
    times.sort();
    Seen {
        answers: times.len(),
        rate: times.len() as f64 / began.elapsed().as_secs_f64(),
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
        bytes: sizes[0],
    }
}

fn scrape(address: SocketAddr, encoding: &str, until: Instant) -> (Vec<Duration>, usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let request =
        format!("GET /metrics HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: {encoding}\r\n\r\n");
    let mut buffer = vec![0; 2 << 20];
    let (mut times, mut size) = (Vec::new(), 0);
    let mut began = Instant::now();
    while began < until {
        stream.write_all(request.as_bytes()).unwrap();
        size = answer(&mut stream, &mut buffer);
        let ended = Instant::now();
        times.push(ended - began);
        began = ended;
    }
    (times, size)
}

/// Reads one response completely; returns the size of its body.
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
        0 => panic!("the server closed the connection"),
        bytes => bytes,
    }
}

/// Reads the content length from the head of a response with status 200.
fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let line = head.lines().find_map(|l| l.strip_prefix("content-length:"));
    line.unwrap().trim().parse().unwrap()
}
