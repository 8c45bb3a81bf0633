//! A server with scripted responses.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy_bidirectional,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A response, and what happens after it.
#[derive(Clone)]
pub(super) struct Script {
    pub(super) says: &'static str,
    pub(super) then: NextStep,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum NextStep {
    /// Wait for the next request.
    Goes,
    /// Send nothing more.
    Hangs,
    /// Close the connection.
    Closes,
    /// Forward the connection to this port of this machine.
    PassesOn(u16),
    /// Echo the request target in one chunk, then send another chunk. `says` is not
    /// used.
    Echoes,
}

pub(super) const OK: Script = Script {
    says: "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    then: NextStep::Goes,
};

/// Stops when it is dropped.
pub(super) struct Server {
    pub(super) port: u16,
    log: Arc<Log>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Log {
    connections: Mutex<usize>,
    heads: Mutex<Vec<String>>,
    asked: Notify,
}

impl Server {
    pub(super) async fn http(script: Script) -> Self {
        Self::start(script, None).await
    }

    pub(super) async fn https(script: Script, tls: TlsAcceptor) -> Self {
        Self::start(script, Some(tls)).await
    }

    /// A proxy: after this response it forwards all data to a port of this machine.
    pub(super) async fn tunnel(says: &'static str, to: u16, tls: Option<TlsAcceptor>) -> Self {
        let then = NextStep::PassesOn(to);
        Self::start(Script { says, then }, tls).await
    }

    /// Echoes the target of each request, and flushes right after it.
    pub(super) async fn echo() -> Self {
        let (says, then) = ("", NextStep::Echoes);
        Self::start(Script { says, then }, None).await
    }

    async fn start(script: Script, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Log::default());
        let task = tokio::spawn(accept(listener, script, tls, log.clone()));
        Self { port, log, task }
    }

    pub(super) fn connections(&self) -> usize {
        *self.log.connections.lock().unwrap()
    }

    /// The heads of all requests, in lower case.
    pub(super) fn heads(&self) -> Vec<String> {
        self.log.heads.lock().unwrap().clone()
    }

    /// Waits until a request has arrived.
    pub(super) async fn asked(&self) {
        self.log.asked.notified().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, script: Script, tls: Option<TlsAcceptor>, log: Arc<Log>) {
    while let Ok((stream, _)) = listener.accept().await {
        *log.connections.lock().unwrap() += 1;
        tokio::spawn(converse(stream, script.clone(), tls.clone(), log.clone()));
    }
}

async fn converse(
    stream: TcpStream,
    script: Script,
    tls: Option<TlsAcceptor>,
    log: Arc<Log>,
) -> io::Result<()> {
    match tls {
        None => speak(stream, script, log).await,
        Some(tls) => speak(tls.accept(stream).await?, script, log).await,
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    script: Script,
    log: Arc<Log>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(head) = head(&mut stream).await? {
        log.heads.lock().unwrap().push(head.to_lowercase());
        log.asked.notify_one();
        stream.write_all(script.says.as_bytes()).await?;
        stream.flush().await?;
        match script.then {
            NextStep::Goes => {}
            NextStep::Echoes => {
                let target = head.split(' ').nth(1).unwrap_or_default();
                let length = target.len();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                     {length:x}\r\n{target}\r\n5\r\n-end-\r\n0\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).await?;
                stream.flush().await?;
            }
            // Until the client closes.
            NextStep::Hangs => drop(stream.read_line(&mut String::new()).await),
            NextStep::Closes => return stream.shutdown().await,
            NextStep::PassesOn(port) => {
                let mut site = TcpStream::connect(("127.0.0.1", port)).await?;
                copy_bidirectional(&mut stream, &mut site).await?;
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn head(stream: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Option<String>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(head))
}
