//! Binds addresses, and hands them over from one server to the next.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};

use socket2::SockRef;
use tokio::net::TcpListener;

use super::super::settings::HttpSettings;

/// Kernel buffers for the responses and requests of one client. The kernel reserves
/// about twice as much. Connections inherit the sizes.
const SEND: usize = 64 << 10;
const RECEIVE: usize = 32 << 10;
/// Clients waiting to be accepted; the system may allow fewer.
const BACKLOG: i32 = 4096;

/// A listening socket with a handle for the next server.
pub(super) struct ListeningSocket {
    pub(super) handle: ListenerHandle,
    pub(super) accepting: TcpListener,
}

/// A second handle of a listening socket. Another server can take it over without a
/// moment in which the address is closed.
pub(super) struct ListenerHandle {
    /// The address of the settings; its port may be 0.
    asked: SocketAddr,
    socket: StdListener,
}

impl ListeningSocket {
    /// One for each address; those in `earlier` are taken over.
    pub(super) fn all(
        settings: &HttpSettings,
        earlier: &[ListenerHandle],
    ) -> Result<Vec<Self>, BindError> {
        let one = |&asked| {
            let handle = earlier.iter().find(|handle| handle.asked == asked);
            let listener = match (handle, settings.passed_sockets.find(asked)) {
                (Some(handle), _) => Self::take_over(handle),
                (None, Some(passed)) => passed.try_clone().and_then(|it| Self::open(asked, it)),
                (None, None) => StdListener::bind(asked).and_then(|it| Self::open(asked, it)),
            };
            listener.map_err(|source| BindError {
                address: asked,
                ours: earlier.iter().find_map(|handle| handle.conflict(asked)),
                source,
            })
        };
        settings.listen.iter().map(one).collect()
    }

    fn open(asked: SocketAddr, listener: StdListener) -> io::Result<Self> {
        let socket = SockRef::from(&listener);
        socket.set_send_buffer_size(SEND)?;
        socket.set_recv_buffer_size(RECEIVE)?;
        socket.listen(BACKLOG)?;
        Self::new(asked, listener)
    }

    fn take_over(handle: &ListenerHandle) -> io::Result<Self> {
        Self::new(handle.asked, handle.socket.try_clone()?)
    }

    fn new(asked: SocketAddr, socket: StdListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let accepting = TcpListener::from_std(socket.try_clone()?)?;
        Ok(Self {
            handle: ListenerHandle { asked, socket },
            accepting,
        })
    }
}

impl ListenerHandle {
    /// Its own address, if it is the reason why `asked` cannot be bound: `0.0.0.0` and
    /// one address of the same port exclude each other, also in one process.
    fn conflict(&self, asked: SocketAddr) -> Option<SocketAddr> {
        let ours = self.socket.local_addr().ok()?;
        let holds = |all: SocketAddr, one: SocketAddr| {
            all.ip().is_unspecified() && (all.is_ipv6() || one.is_ipv4())
        };
        let both = ours.port() == asked.port();
        (both && (holds(ours, asked) || holds(asked, ours))).then_some(ours)
    }
}

/// The configured addresses that cannot be bound now.
pub fn unavailable_addresses(settings: &HttpSettings) -> Vec<BindError> {
    let bind = |&address| {
        let source = StdListener::bind(address).err()?;
        Some(BindError {
            address,
            ours: None,
            source,
        })
    };
    settings.listen.iter().filter_map(bind).collect()
}

/// An address could not be bound.
#[derive(Debug)]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// The address of this process that conflicts.
    pub ours: Option<SocketAddr>,
    /// The cause.
    pub source: io::Error,
}

impl BindError {
    /// The problem and the hint on a line of its own, as a reload shows problems.
    pub fn with_hint(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self}\n  hint: {hint}"),
            None => self.to_string(),
        }
    }

    /// How to fix it.
    pub fn hint(&self) -> Option<&'static str> {
        match self.source.kind() {
            io::ErrorKind::AddrInUse if self.ours.is_some() => {
                Some("restart the exporter, or choose another port with `server.port`")
            }
            io::ErrorKind::AddrInUse => Some(
                "stop the program that uses it, or choose another port with `server.port` \
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
        // For common errors the kind says enough, without an error number.
        match (source.kind(), self.ours) {
            (io::ErrorKind::AddrInUse, Some(ours)) => {
                write!(f, "this process listens on {ours}")
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
