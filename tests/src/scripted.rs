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
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
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
        let heads = Arc::default();
        let log = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, play, log) = (manner.clone(), Arc::clone(&play), Arc::clone(&log));
                // Whatever breaks, breaks for this client.
                tokio::spawn(async move { drop(converse(stream, manner, play, log).await) });
            }
        });
        Self {
            address,
            heads,
            task,
        }
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(
    stream: TcpStream,
    manner: Manner,
    play: Play,
    log: Arc<Mutex<Vec<String>>>,
) -> io::Result<()> {
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
    log: Arc<Mutex<Vec<String>>>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    if !first.is_empty() && !perform(&mut stream, first).await? {
        return Ok(());
    }
    while let Some(head) = head(&mut stream).await? {
        let number = {
            let mut log = log.lock().unwrap();
            log.push(head.clone());
            log.len() - 1
        };
        if !perform(&mut stream, &play(&head, number)).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether the conversation goes on afterwards.
async fn perform(
    stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    acts: &[Act],
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
            Act::Hang => {
                stream.read_to_end(&mut Vec::new()).await?;
            }
            Act::HalfClose => {
                stream.shutdown().await?;
                stream.read_to_end(&mut Vec::new()).await?;
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

async fn head(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(head))
}
