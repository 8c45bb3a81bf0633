//! A server that sends scripted bytes, HTTP or not.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite,
    AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// One step of a server.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends these bytes.
    Say(Vec<u8>),
    /// Sends these bytes one at a time, with a pause before each.
    Drip(Vec<u8>, Duration),
    /// Sends these bytes repeatedly until the client disconnects.
    Endless(Vec<u8>),
    /// Waits until the client disconnects.
    Hang,
    /// Shuts down its sending side, and waits.
    HalfClose,
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
}

/// The steps for each request, given its head and its number from 0.
pub type Play = Arc<dyn Fn(&str, usize) -> Vec<Act> + Send + Sync>;

/// A running server; stopped on drop.
pub struct Scripted {
    /// Its address on loopback.
    pub address: SocketAddr,
    log: Arc<Log>,
    task: JoinHandle<()>,
}

/// The received data.
#[derive(Default)]
struct Log {
    heads: Mutex<Vec<String>>,
    received: Mutex<Vec<u8>>,
}

/// How a server starts a connection.
#[derive(Clone, Default)]
pub struct Manner {
    /// The TLS settings, if it uses TLS.
    pub tls: Option<TlsAcceptor>,
    /// The steps for each connection before a request is read.
    pub first: Vec<Act>,
}

impl Scripted {
    /// A server without TLS.
    pub async fn start(play: Play) -> Self {
        Self::with(Manner::default(), play).await
    }

    /// The same, with this start of each connection.
    pub async fn with(manner: Manner, play: Play) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::<Log>::default();
        let kept = Arc::clone(&log);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, play, log) = (manner.clone(), Arc::clone(&play), Arc::clone(&kept));
                // An error ends only this connection.
                tokio::spawn(async move { drop(converse(stream, manner, play, log).await) });
            }
        });
        Self { address, log, task }
    }

    /// The heads of all requests.
    pub fn heads(&self) -> Vec<String> {
        self.log.heads.lock().unwrap().clone()
    }

    /// Every byte read so far from all connections; still encrypted with TLS.
    pub fn received(&self) -> Vec<u8> {
        self.log.received.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(stream: TcpStream, manner: Manner, play: Play, log: Arc<Log>) -> io::Result<()> {
    let breaks = |acts: &[Act]| acts.iter().any(|act| matches!(act, Act::Reset));
    if breaks(&manner.first) || breaks(&play("", 0)) {
        // Closing the socket then resets the connection.
        stream.set_zero_linger()?;
    }
    let first = manner.first;
    match manner.tls {
        None => speak(stream, &first, play, log).await,
        Some(tls) => speak(tls.accept(stream).await?, &first, play, log).await,
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    first: &[Act],
    play: Play,
    log: Arc<Log>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    if !first.is_empty() && !perform(&mut stream, first, &log).await? {
        return Ok(());
    }
    while let Some(head) = head(&mut stream, &log).await? {
        let number = {
            let mut heads = log.heads.lock().unwrap();
            heads.push(head.clone());
            heads.len() - 1
        };
        if !perform(&mut stream, &play(&head, number), &log).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Runs the steps; returns whether the connection stays open.
async fn perform(
    stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    acts: &[Act],
    log: &Log,
) -> io::Result<bool> {
    for act in acts {
        match act {
            Act::Say(bytes) => stream.write_all(bytes).await?,
            Act::Drip(bytes, pause) => {
                for byte in bytes {
                    tokio::time::sleep(*pause).await;
                    stream.write_all(&[*byte]).await?;
                    stream.flush().await?;
                }
            }
            Act::Endless(bytes) => loop {
                stream.write_all(bytes).await?;
                tokio::task::yield_now().await;
            },
            Act::Hang => drain(stream, log).await?,
            Act::HalfClose => {
                stream.shutdown().await?;
                drain(stream, log).await?;
            }
            Act::Close => {
                stream.shutdown().await?;
                return Ok(false);
            }
            Act::Reset => return Ok(false),
        }
        stream.flush().await?;
    }
    Ok(true)
}

/// Reads to the end, ignoring errors.
async fn drain(stream: &mut (impl AsyncRead + Unpin), log: &Log) -> io::Result<()> {
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).await;
    log.received.lock().unwrap().append(&mut bytes);
    ended.map(drop)
}

async fn head(stream: &mut (impl AsyncBufRead + Unpin), log: &Log) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let begin = head.len();
        let read = stream.read_until(b'\n', &mut head).await;
        log.received.lock().unwrap().extend(&head[begin..]);
        if read? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}
