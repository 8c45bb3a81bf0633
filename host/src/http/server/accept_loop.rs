//! The task of a server: accept up to a limit, then drain.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use std::{io, mem};

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::clients::{Clients, ConnectionSlot};
use super::connection::Connection;
use crate::descriptors::Shares;
use crate::http::state::ServerState;

/// Serves until `stopped` tells how long requests in progress may take. Returns the
/// number of connections that were closed early.
pub(super) async fn run(
    listeners: Vec<TcpListener>,
    state: Arc<ServerState>,
    mut stopped: oneshot::Receiver<Duration>,
) -> usize {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut accept_loop = AcceptLoop {
        listeners,
        clients: Arc::default(),
        state,
        failing: false,
    };
    let limit = {
        let mut serve = pin!(accept_loop.serve(&mut connections, &graceful));
        tokio::select! {
            limit = &mut stopped => limit.unwrap_or_default(),
            never = &mut serve => never,
        }
    };
    accept_loop.listeners.clear();
    accept_loop.clients.stop();
    let drained = async {
        graceful.shutdown().await;
        while connections.join_next().await.is_some() {}
    };
    // The rest is closed when the set is dropped.
    let _ = timeout(limit, drained).await;
    connections.len()
}

/// Accepts connections on all addresses.
struct AcceptLoop {
    listeners: Vec<TcpListener>,
    clients: Arc<Clients>,
    state: Arc<ServerState>,
    /// Whether the last attempt to accept failed.
    failing: bool,
}

impl AcceptLoop {
    async fn serve(
        &mut self,
        connections: &mut JoinSet<()>,
        graceful: &GracefulShutdown,
    ) -> Duration {
        loop {
            let (tcp, slot) = self.next().await;
            let connection = Connection {
                slot,
                state: Arc::clone(&self.state),
                watcher: graceful.watcher(),
            };
            connections.spawn(connection.serve(tcp));
            while connections.try_join_next().is_some() {}
        }
    }

    /// The next connection, after making room for it.
    async fn next(&mut self) -> (TcpStream, ConnectionSlot) {
        loop {
            match self.accept().await {
                Ok((tcp, address)) => {
                    if mem::take(&mut self.failing) {
                        info!("Accepting connections again");
                    }
                    let peer = address.ip().into();
                    self.clients.room(self.limit(), peer).await;
                    return (tcp, self.clients.enter(peer));
                }
                Err(error) => self.recover(&error).await,
            }
        }
    }

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let any = poll_fn(|context| {
            let mut accepted = self
                .listeners
                .iter()
                .map(|listener| listener.poll_accept(context));
            accepted.find(Poll::is_ready).unwrap_or(Poll::Pending)
        });
        any.await
    }

    /// The configured limit, or less if there are fewer file descriptors.
    fn limit(&self) -> usize {
        let configured = self.state.limits.load().connections;
        configured.min(Shares::now().clients)
    }

    /// Ignores clients that have disconnected already. Other errors mean that the system
    /// cannot accept connections, such as without file descriptors: closes an idle
    /// connection and waits before the next attempt.
    async fn recover(&mut self, error: &io::Error) {
        const PAUSE: Duration = Duration::from_millis(100);
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(
            error.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
        ) {
            return;
        }
        if !mem::replace(&mut self.failing, true) {
            warn!(%error, "Cannot accept connections, retrying");
        }
        self.clients.evict_one();
        sleep(PAUSE).await;
    }
}
