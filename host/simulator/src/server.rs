//! The server: listens, speaks TLS, serves each connection in a task of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::answer::Shape;
use crate::auth::Key;
use crate::route::{self, respond};
use crate::tls;
use crate::wall::Wall;
use crate::{Authority, Clock, Estate, Faults, Options, Release, Requests, Strictness, Truth};

/// A simulator that runs until it is dropped or stopped.
pub struct Simulator {
    address: SocketAddr,
    authority: Option<Authority>,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What every connection sees.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) strictness: Strictness,
    pub(crate) shape: Shape,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    /// `https://127.0.0.1:1556`, for a client that names no host.
    pub(crate) base: String,
    pub(crate) ca_pem: Option<String>,
    /// What tokens would be checked with.
    pub(crate) token_key: String,
    estate: Mutex<Estate>,
    wall: Mutex<Wall>,
    /// What an upgrade or a rotation changes.
    current: Mutex<(Release, Key)>,
}

impl Simulator {
    /// Binds and serves. The error is that of binding, or of making a
    /// certificate. To be called within a Tokio runtime.
    pub async fn start(options: Options) -> io::Result<Self> {
        let tls = match &options.authority {
            Some(authority) => Some(TlsAcceptor::from(authority.server(options.listen.ip())?)),
            None => None,
        };
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let authority = options.authority.clone();
        let shared = Arc::new(Shared::new(options, address, tls::public_key()?));
        let task = tokio::spawn(accept(listener, tls, Arc::clone(&shared)));
        Ok(Self {
            address,
            authority,
            shared,
            task,
        })
    }

    /// The base URL without the prefix, such as `http://127.0.0.1:41234`.
    pub fn url(&self) -> &str {
        &self.shared.base
    }

    /// Where it listens, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate authority to trust, none over plain HTTP.
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.ca_pem.as_deref()
    }

    /// The switches of faults.
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// The log of requests.
    pub fn requests(&self) -> Requests {
        self.shared.requests.clone()
    }

    /// Answers a GET as over a connection, for whoever asks a hundred thousand
    /// times: `target` is path and query below `/netbackup`. None when a fault
    /// lets no whole answer through.
    pub fn ask(&self, target: &str, headers: HeaderMap) -> Option<Response<Vec<u8>>> {
        route::ask(&self.shared, target, headers)
    }

    /// The facts of the estate at this moment of its clock.
    pub fn truth(&self) -> Truth {
        Truth::of(
            &self.shared.estate(),
            self.shared.clock.now(),
            self.shared.wall(),
        )
    }

    /// Changes the estate between two requests.
    pub fn change(&self, change: impl FnOnce(&mut Estate)) {
        change(&mut self.shared.estate());
    }

    /// Sets the server's own clock wrong, or right again with 0: from now on it is
    /// so far ahead. What happens goes on in true time; jobs keep the times that
    /// the clock showed, and other resources know nothing of it.
    pub fn set_wrong(&self, ahead: SignedDuration) {
        let now = self.shared.clock.now();
        let wall = self.shared.wall.lock();
        wall.unwrap_or_else(PoisonError::into_inner).set(now, ahead);
    }

    /// Takes another key from now on, and the old one no longer.
    pub fn set_api_key(&self, key: &str) {
        self.shared.current().1 = Key::new(key);
    }

    /// Takes the key until then, and from then on no key: it has expired.
    pub fn expire_api_key(&self, when: Timestamp) {
        let key = &mut self.shared.current().1;
        *key = key.clone().until(when);
    }

    /// Plays another release from now on: an upgrade, or the other way.
    pub fn set_release(&self, release: Release) {
        self.shared.current().0 = release;
    }

    /// Closes the listener and every connection, and returns once the port is
    /// free. Started again from what it returns, it has the same address,
    /// authority, key and estate, and neither faults nor a log, nor an end of its key,
    /// nor a clock that was set wrong.
    pub async fn stop(mut self) -> Options {
        self.task.abort();
        // It ends by having been aborted, which is no error here.
        let _ = (&mut self.task).await;
        let (release, key) = self.shared.current().clone();
        Options {
            listen: self.address,
            authority: self.authority.clone(),
            release,
            api_key: key.reveal().to_owned(),
            estate: std::mem::take(&mut *self.shared.estate()),
            clock: self.shared.clock.clone(),
            strictness: self.shared.strictness,
            unended: self.shared.shape.unended,
            numeric_ids: self.shared.shape.numeric_ids,
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn new(options: Options, address: SocketAddr, token_key: String) -> Self {
        let scheme = if options.authority.is_some() {
            "https"
        } else {
            "http"
        };
        Self {
            base: format!("{scheme}://{address}"),
            ca_pem: options.authority.map(|authority| authority.pem()),
            token_key,
            clock: options.clock,
            strictness: options.strictness,
            shape: Shape {
                unended: options.unended,
                numeric_ids: options.numeric_ids,
            },
            faults: Faults::default(),
            requests: Requests::new(),
            estate: Mutex::new(options.estate),
            wall: Mutex::default(),
            current: Mutex::new((options.release, Key::new(&options.api_key))),
        }
    }

    pub(crate) fn estate(&self) -> MutexGuard<'_, Estate> {
        self.estate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wall(&self) -> Wall {
        let wall = self.wall.lock();
        wall.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn release(&self) -> Release {
        self.current().0
    }

    pub(crate) fn key(&self) -> Key {
        self.current().1.clone()
    }

    /// The base URL for a client that calls this server `host`.
    pub(crate) fn base_of(&self, host: &str) -> String {
        let scheme = if self.ca_pem.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{host}")
    }

    fn current(&self) -> MutexGuard<'_, (Release, Key)> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts for ever. The connections end with this task: their set is its own.
async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    shared.requests.connected();
                    if !shared.faults.down() {
                        connections.spawn(connection(stream, tls.clone(), Arc::clone(&shared)));
                    }
                }
                // Out of descriptors, or the peer has gone: others may still come.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Small answers, many of them: without this they wait for each other.
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve(stream, shared).await,
        Some(tls) => {
            // A handshake that fails is the client's news to tell.
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, shared).await;
            }
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, shared: Arc<Shared>) {
    let service = service_fn(move |request| respond(Arc::clone(&shared), request));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // Broken off by the client, or by a fault: either way it is over.
    drop(served);
}
