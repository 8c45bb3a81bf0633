//! A server that says whatever a test writes, HTTP or not.

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

/// One thing that a server does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends this.
    Say(Vec<u8>),
    /// Sends this a byte at a time, with a pause before each.
    Drip(Vec<u8>, Duration),
    /// Sends this again and again, as long as anybody takes it.
    Endless(Vec<u8>),
    /// Waits until the client has had enough.
    Hang,
    /// Says that it will send nothing more, and waits.
    HalfClose,
    /// Closes the connection.
    Close,
    /// Breaks the connection, without a farewell.
    Reset,
}

/// What is done for each request, given its head and its number from 0.
pub type Play = Arc<dyn Fn(&str, usize) -> Vec<Act> + Send + Sync>;

/// Stops when it is dropped.
pub struct Scripted {
    /// Where it listens, on loopback.
    pub address: SocketAddr,
    log: Arc<Log>,
    task: JoinHandle<()>,
}

/// What came.
#[derive(Default)]
struct Log {
    heads: Mutex<Vec<String>>,
    received: Mutex<Vec<u8>>,
}

/// How a server begins a conversation.
#[derive(Clone, Default)]
pub struct Manner {
    /// Speaks TLS.
    pub tls: Option<TlsAcceptor>,
    /// Done for each connection, before a request is read.
    pub first: Vec<Act>,
}

impl Scripted {
    /// Plain HTTP, or what is meant to look like it.
    pub async fn start(play: Play) -> Self {
        Self::with(Manner::default(), play).await
    }

    /// The same, with a beginning of one's own.
    pub async fn with(manner: Manner, play: Play) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::<Log>::default();
        let kept = Arc::clone(&log);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, play, log) = (manner.clone(), Arc::clone(&play), Arc::clone(&kept));
                // Whatever breaks, breaks for this client.
                tokio::spawn(async move { drop(converse(stream, manner, play, log).await) });
            }
        });
        Self { address, log, task }
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.log.heads.lock().unwrap().clone()
    }

    /// Every byte that was read so far, of all connections; below TLS if it is spoken.
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
        // Closing then means breaking.
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

/// Whether the conversation goes on afterwards.
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

/// Reads to the end, however it comes.
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
