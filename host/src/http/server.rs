//! The server. Binding, serving and shutting down are types, so that no step can be
//! skipped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::settings::HttpSettings;
use super::state::ServerState;
use accept_loop::run;
use bind::{ListenerHandle, ListeningSocket};

mod accept_loop;
mod bind;
mod clients;
mod connection;
mod connection_state;
mod eviction;
mod passed_sockets;
mod stream;

pub use bind::{BindError, unavailable_addresses};
pub use passed_sockets::PassedSockets;

/// Bound addresses that are not served yet.
pub struct Server {
    listeners: Vec<ListeningSocket>,
    addresses: Vec<SocketAddr>,
}

impl Server {
    /// Binds every address. Requires a Tokio runtime.
    ///
    /// # Errors
    /// An address cannot be bound.
    pub fn bind(settings: &HttpSettings) -> Result<Self, BindError> {
        Self::take(settings, &[])
    }

    /// Like [`bind`](Self::bind), but shares the addresses of `earlier`: both serve
    /// them until the earlier one is shut down.
    ///
    /// # Errors
    /// An address cannot be bound.
    pub fn bind_beside(settings: &HttpSettings, earlier: &Serving) -> Result<Self, BindError> {
        Self::take(settings, &earlier.handles)
    }

    fn take(settings: &HttpSettings, earlier: &[ListenerHandle]) -> Result<Self, BindError> {
        let listeners = ListeningSocket::all(settings, earlier)?;
        let addresses = listeners
            .iter()
            .zip(&settings.listen)
            // A listening socket knows its address.
            .map(|(listener, asked)| listener.accepting.local_addr().unwrap_or(*asked))
            .collect();
        Ok(Self {
            listeners,
            addresses,
        })
    }

    /// The addresses with their actual ports, in the order of the settings.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Serves requests until the returned value is shut down or dropped.
    pub fn serve(self, state: Arc<ServerState>) -> Serving {
        let Self {
            listeners,
            addresses,
        } = self;
        let (handles, accepting) = listeners
            .into_iter()
            .map(|listener| (listener.handle, listener.accepting))
            .unzip();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(run(accepting, state, stopped));
        Serving {
            addresses,
            handles,
            stop: Some(stop),
            task,
        }
    }
}

/// A running server. Dropping it closes every connection.
pub struct Serving {
    addresses: Vec<SocketAddr>,
    handles: Vec<ListenerHandle>,
    stop: Option<oneshot::Sender<Duration>>,
    task: JoinHandle<usize>,
}

impl Serving {
    /// The addresses that it listens on.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops listening, and waits for requests in progress up to the limit. Returns the
    /// number of connections that were closed early.
    pub async fn shutdown(mut self, limit: Duration) -> usize {
        self.handles.clear();
        if let Some(stop) = self.stop.take() {
            // Fails only if the task has ended already.
            let _ = stop.send(limit);
        }
        (&mut self.task).await.unwrap_or(0)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests;
