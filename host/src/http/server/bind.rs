//! Taking addresses, and handing them over from one server to the next.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};

use socket2::SockRef;
use tokio::net::TcpListener;

/// What the kernel may hold of one client's answers, and of what it sends. The
/// kernel books about twice as much. Connections inherit it.
const SEND: usize = 64 << 10;
const RECEIVE: usize = 32 << 10;
/// Clients that wait to be accepted; as many as the system allows.
const BACKLOG: i32 = 4096;

/// An address that is listened on.
pub(super) struct ListeningSocket {
    pub(super) kept: ListenerHandle,
    pub(super) accepting: TcpListener,
}

/// A second handle of a listening socket, by which another server can take it
/// over without a moment in which nobody listens.
pub(super) struct ListenerHandle {
    /// As in the settings; the port may be 0.
    asked: SocketAddr,
    socket: StdListener,
}

impl ListeningSocket {
    /// One for each address; those that are in `earlier` are taken over.
    pub(super) fn all(
        asked: &[SocketAddr],
        earlier: &[ListenerHandle],
    ) -> Result<Vec<Self>, BindError> {
        let one = |&asked| {
            let kept = earlier.iter().find(|kept| kept.asked == asked);
            let listener = kept.map_or_else(|| Self::bind(asked), Self::take_over);
            listener.map_err(|source| BindError {
                address: asked,
                ours: earlier.iter().find_map(|kept| kept.in_the_way(asked)),
                source,
            })
        };
        asked.iter().map(one).collect()
    }

    fn bind(asked: SocketAddr) -> io::Result<Self> {
        let listener = StdListener::bind(asked)?;
        let socket = SockRef::from(&listener);
        socket.set_send_buffer_size(SEND)?;
        socket.set_recv_buffer_size(RECEIVE)?;
        socket.listen(BACKLOG)?;
        Self::new(asked, listener)
    }

    fn take_over(kept: &ListenerHandle) -> io::Result<Self> {
        Self::new(kept.asked, kept.socket.try_clone()?)
    }

    fn new(asked: SocketAddr, socket: StdListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let accepting = TcpListener::from_std(socket.try_clone()?)?;
        Ok(Self {
            kept: ListenerHandle { asked, socket },
            accepting,
        })
    }
}

impl ListenerHandle {
    /// Where it listens, if that is why `asked` cannot be had: all addresses of a
    /// port and one of them exclude each other, also within one process.
    fn in_the_way(&self, asked: SocketAddr) -> Option<SocketAddr> {
        let ours = self.socket.local_addr().ok()?;
        let holds = |all: SocketAddr, one: SocketAddr| {
            all.ip().is_unspecified() && (all.is_ipv6() || one.is_ipv4())
        };
        let both = ours.port() == asked.port();
        (both && (holds(ours, asked) || holds(asked, ours))).then_some(ours)
    }
}

/// An address could not be taken.
#[derive(Debug)]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// Where this process itself listens, and keeps the address from being free.
    pub ours: Option<SocketAddr>,
    /// Why.
    pub source: io::Error,
}

impl BindError {
    /// The problem, and what to do about it on a line of its own: for a reload,
    /// whose problems all look so. Who starts the program gets one line.
    pub fn with_hint(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self}\n  hint: {hint}"),
            None => self.to_string(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self.source.kind() {
            io::ErrorKind::AddrInUse if self.ours.is_some() => {
                Some("restart the exporter, or choose another port with `server.port`")
            }
            io::ErrorKind::AddrInUse => Some(
                "stop the program that has it, or choose another with `server.port` \
                 or --web.listen-address",
            ),
            io::ErrorKind::PermissionDenied => Some("choose a port above 1023"),
            io::ErrorKind::AddrNotAvailable => {
                Some("choose an address that this machine has, such as 0.0.0.0")
            }
            _ => None,
        }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address, source, ..
        } = self;
        write!(f, "cannot listen on {address}: ")?;
        // For the kinds that operators meet, the kind says it without a number.
        match (source.kind(), self.ours) {
            (io::ErrorKind::AddrInUse, Some(ours)) => {
                write!(f, "this process itself listens on {ours}")
            }
            (
                kind @ (io::ErrorKind::AddrInUse
                | io::ErrorKind::AddrNotAvailable
                | io::ErrorKind::PermissionDenied),
                _,
            ) => write!(f, "{kind}"),
            _ => write!(f, "{source}"),
        }
    }
}

impl Error for BindError {}
