//! The server: listens, speaks TLS, serves each connection in a task of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderMap, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::auth::AcceptedKey;
use crate::estate::Estate;
use crate::fault::Faults;
use crate::options::Options;
use crate::release::Release;
use crate::requests::Requests;
use crate::route::{self, respond};
use crate::shared::Shared;
use crate::tls::{self, Authority};
use crate::truth::Truth;

/// A simulator that runs until it is dropped or stopped.
pub struct Simulator {
    address: SocketAddr,
    authority: Option<Authority>,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Simulator {
    /// Binds and serves. The error is that of binding, or of creating a
    /// certificate. It needs a Tokio runtime.
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

    /// The address it listens on, with the actual port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate authority to trust; `None` over plain HTTP.
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.ca_pem.as_deref()
    }

    /// The faults.
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// The log of requests.
    pub fn requests(&self) -> Requests {
        self.shared.requests.clone()
    }

    /// Answers a GET without a connection, for tests with very many requests.
    /// `target` is the path and query below `/netbackup`. `None` if a fault permits no
    /// complete answer.
    pub fn ask(&self, target: &str, headers: HeaderMap) -> Option<Response<Vec<u8>>> {
        route::ask(&self.shared, target, headers)
    }

    /// The facts of the estate at this moment of its clock.
    pub fn truth(&self) -> Truth {
        Truth::of(
            &self.shared.estate(),
            self.shared.clock.now(),
            self.shared.server_clock().clone(),
        )
    }

    /// Changes the estate between two requests.
    pub fn change(&self, change: impl FnOnce(&mut Estate)) {
        change(&mut self.shared.estate());
    }

    /// Sets the server's own clock so far ahead from now on; 0 corrects it. Events
    /// go on in true time. Jobs keep the times that the clock showed; other resources
    /// show true times.
    pub fn set_wrong(&self, ahead: SignedDuration) {
        let now = self.shared.clock.now();
        self.shared.server_clock().set(now, ahead);
    }

    /// Accepts another key from now on, and the old one no longer.
    pub fn set_api_key(&self, key: &str) {
        self.shared.current().1 = AcceptedKey::new(key);
    }

    /// Accepts the key until then, and no key afterwards: it has expired.
    pub fn expire_api_key(&self, when: Timestamp) {
        let key = &mut self.shared.current().1;
        *key = key.clone().until(when);
    }

    /// Simulates another release from now on: an upgrade or a downgrade.
    pub fn set_release(&self, release: Release) {
        self.shared.current().0 = release;
    }

    /// Closes the listener and every connection, and returns once the port is free.
    /// A simulator that is started with the result has the same address, authority,
    /// key and estate. Faults, the log, the expiry of the key and a wrong clock are
    /// gone.
    pub async fn stop(mut self) -> Options {
        self.task.abort();
        // The task was aborted, so its result is an error.
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
            rows: self.shared.rows,
            unended: self.shared.format.unended,
            numeric_ids: self.shared.format.numeric_ids,
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Accepts forever. The connections end with this task, which owns their set.
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
                // No descriptor left, or the peer is gone: later ones may succeed.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Many small answers: without this, they wait for acknowledgements.
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve(stream, shared).await,
        Some(tls) => {
            // The client reports a failed handshake.
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
    // An error means that the client or a fault closed the connection.
    drop(served);
}
