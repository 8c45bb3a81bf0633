//! Listening sockets that systemd passed to the process.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use listenfd::ListenFd;

/// The listening sockets that systemd passed, with their addresses. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct PassedSockets(Arc<[(SocketAddr, TcpListener)]>);

impl PassedSockets {
    /// Takes the sockets that `$LISTEN_FDS` announces, so that no other process inherits
    /// them. It removes the variable, which is safe only while there is a single thread.
    ///
    /// # Errors
    /// There is no socket, or one of them is not a TCP socket.
    pub fn take() -> io::Result<Self> {
        let mut passed = ListenFd::from_env();
        let taken = (0..passed.len()).filter_map(|it| passed.take_tcp_listener(it).transpose());
        let with_address = |socket: io::Result<TcpListener>| {
            let socket = socket?;
            Ok((socket.local_addr()?, socket))
        };
        let sockets = taken.map(with_address).collect::<io::Result<Vec<_>>>()?;
        match sockets.is_empty() {
            true => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "systemd passed no socket",
            )),
            false => Ok(Self(sockets.into())),
        }
    }

    /// Whether systemd passed no socket.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The addresses that the sockets listen on.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().map(|(address, _)| *address).collect()
    }

    /// The socket that listens on this address.
    pub(super) fn find(&self, asked: SocketAddr) -> Option<&TcpListener> {
        let mut sockets = self.0.iter();
        let (_, socket) = sockets.find(|(address, _)| *address == asked)?;
        Some(socket)
    }
}
