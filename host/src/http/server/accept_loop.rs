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

/// Answer until told how long requests that have begun may take to end. Returns
/// how many connections had to be cut.
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
        short: false,
    };
    let patience = {
        let mut serve = pin!(accept_loop.serve(&mut connections, &graceful));
        tokio::select! {
            patience = &mut stopped => patience.unwrap_or_default(),
            never = &mut serve => never,
        }
    };
    accept_loop.listeners.clear();
    accept_loop.clients.stop();
    let drained = async {
        graceful.shutdown().await;
        while connections.join_next().await.is_some() {}
    };
    // Those that are left are cut when the set is dropped.
    let _ = timeout(patience, drained).await;
    connections.len()
}

/// Where clients come in.
struct AcceptLoop {
    listeners: Vec<TcpListener>,
    clients: Arc<Clients>,
    state: Arc<ServerState>,
    /// Whether the last attempt to accept failed.
    short: bool,
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
            connections.spawn(connection.serve_connection(tcp));
            while connections.try_join_next().is_some() {}
        }
    }

    /// The next connection, and room for it.
    async fn next(&mut self) -> (TcpStream, ConnectionSlot) {
        loop {
            match self.accept().await {
                Ok((tcp, address)) => {
                    if mem::take(&mut self.short) {
                        info!("Connections are accepted again");
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

    /// As configured, but no more than there are descriptors for.
    fn limit(&self) -> usize {
        let configured = self.state.limits.load().connections;
        configured.min(Shares::now().clients)
    }

    /// A client that has gone again concerns nobody. Anything else means that the
    /// system can accept no more, such as for want of file descriptors: an idle
    /// connection is given up for one, and trying again at once would only burn
    /// time.
    async fn recover(&mut self, error: &io::Error) {
        const PAUSE: Duration = Duration::from_millis(100);
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(
            error.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
        ) {
            return;
        }
        if !mem::replace(&mut self.short, true) {
            warn!(%error, "Cannot accept connections, trying again");
        }
        self.clients.dismiss_one();
        sleep(PAUSE).await;
    }
}
