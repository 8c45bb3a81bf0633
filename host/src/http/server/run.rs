//! The task of a server: accept up to a limit, then drain.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::http::routes;
use crate::http::state::State;

/// What a client may use up.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Connections at once; more wait in the kernel's queue.
    pub(super) connections: usize,
    /// How long a client may take to say what it wants, and a kept-alive
    /// connection may say nothing, lest silent ones use up the connections.
    pub(super) head: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        // Far above what a pair of Prometheus servers opens, and below the usual
        // limit of 1024 open files.
        Self {
            connections: 512,
            head: Duration::from_secs(30),
        }
    }
}

/// Answer until told how long requests that have begun may take to end. Returns
/// how many connections had to be cut.
pub(super) async fn run(
    listeners: Vec<TcpListener>,
    state: Arc<State>,
    limits: Limits,
    mut stopped: oneshot::Receiver<Duration>,
) -> usize {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let patience = loop {
        tokio::select! {
            patience = &mut stopped => break patience.unwrap_or_default(),
            (stream, permit) = accept(&listeners, &permits) => {
                let connection = Connection { stream, state: state.clone(), permit };
                connections.spawn(connection.converse(limits.head, graceful.watcher()));
            }
            Some(_) = connections.join_next() => {}
        }
    };
    drop(listeners);
    let drained = async {
        graceful.shutdown().await;
        while connections.join_next().await.is_some() {}
    };
    // Those that are left are cut when the set is dropped.
    let _ = timeout(patience, drained).await;
    connections.len()
}

/// The next connection, once there is room for one.
async fn accept(
    listeners: &[TcpListener],
    permits: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let Ok(permit) = permits.clone().acquire_owned().await else {
        // The semaphore is never closed.
        return std::future::pending().await;
    };
    loop {
        let accepted = poll_fn(|context| {
            let mut accepted = listeners
                .iter()
                .map(|listener| listener.poll_accept(context));
            accepted.find(Poll::is_ready).unwrap_or(Poll::Pending)
        });
        match accepted.await {
            Ok((stream, _)) => return (stream, permit),
            Err(error) => recover(&error).await,
        }
    }
}

/// A client that has gone again concerns nobody. Anything else means that the
/// system can accept no more, such as for want of file descriptors: trying again
/// at once would only burn time.
async fn recover(error: &io::Error) {
    const PAUSE: Duration = Duration::from_millis(250);
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    ) {
        warn!(%error, "Cannot accept a connection, trying again");
        sleep(PAUSE).await;
    }
}

struct Connection {
    stream: TcpStream,
    state: Arc<State>,
    /// Makes room for another connection when it is dropped.
    permit: OwnedSemaphorePermit,
}

impl Connection {
    async fn converse(self, head: Duration, watcher: Watcher) {
        let Self {
            stream,
            state,
            permit,
        } = self;
        // An answer is written in one go; waiting for more would only delay it.
        let _ = stream.set_nodelay(true);
        let service = service_fn(move |request: Request<Incoming>| {
            let state = state.clone();
            async move {
                let (request, _) = request.into_parts();
                Ok::<_, Infallible>(routes::answer(&state, &request).await)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            debug!(%error, "Connection ended early");
        }
        drop(permit);
    }
}
