//! Listening. A server is bound, serves, and is shut down; each step is a type,
//! so that no step can be left out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::settings::Settings;
use super::state::ServerState;
use accept_loop::run;
use bind::{ListenerHandle, ListeningSocket};

mod accept_loop;
mod bind;
mod clients;
mod connection;
mod connection_state;
mod eviction;
mod stream;

pub use bind::BindError;

/// Addresses that are taken, on which nothing is answered yet.
pub struct Server {
    listeners: Vec<ListeningSocket>,
    addresses: Vec<SocketAddr>,
}

impl Server {
    /// Take every address, or say which one cannot be had. Within a Tokio
    /// runtime.
    pub fn bind(settings: &Settings) -> Result<Self, BindError> {
        Self::take(settings, &[])
    }

    /// Like [`bind`](Self::bind), but addresses that `earlier` listens on are
    /// taken over: both answer on them until the earlier one is shut down.
    pub fn bind_beside(settings: &Settings, earlier: &Serving) -> Result<Self, BindError> {
        Self::take(settings, &earlier.kept)
    }

    fn take(settings: &Settings, earlier: &[ListenerHandle]) -> Result<Self, BindError> {
        let listeners = ListeningSocket::all(&settings.listen, earlier)?;
        let addresses = listeners
            .iter()
            .zip(&settings.listen)
            // A socket that listens knows its address.
            .map(|(listener, asked)| listener.accepting.local_addr().unwrap_or(*asked))
            .collect();
        Ok(Self {
            listeners,
            addresses,
        })
    }

    /// The addresses, in the order of the settings, with the ports they got.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Answer requests until the returned value is shut down or dropped.
    pub fn serve(self, state: Arc<ServerState>) -> Serving {
        let Self {
            listeners,
            addresses,
        } = self;
        let (kept, accepting) = listeners
            .into_iter()
            .map(|listener| (listener.kept, listener.accepting))
            .unzip();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(run(accepting, state, stopped));
        Serving {
            addresses,
            kept,
            stop: Some(stop),
            task,
        }
    }
}

/// A server at work. Dropping it cuts every connection.
pub struct Serving {
    addresses: Vec<SocketAddr>,
    kept: Vec<ListenerHandle>,
    stop: Option<oneshot::Sender<Duration>>,
    task: JoinHandle<usize>,
}

impl Serving {
    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stop listening at once, and let requests that have begun end within the
    /// time. Returns how many connections had to be cut.
    pub async fn shutdown(mut self, patience: Duration) -> usize {
        self.kept.clear();
        if let Some(stop) = self.stop.take() {
            // Nobody receives only when the task has ended already.
            let _ = stop.send(patience);
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
