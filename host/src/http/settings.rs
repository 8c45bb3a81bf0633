//! The settings of the web server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::server::PassedSockets;
use super::web::Web;

/// The settings of the web server.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Every address to listen on; a host name may have several.
    pub listen: Vec<SocketAddr>,
    /// Sockets of these addresses that are already open.
    pub passed_sockets: PassedSockets,
    /// The host names of this exporter, which no stranger can register.
    pub names: Vec<String>,
    /// The path of the metrics, such as `/metrics`.
    pub metrics_path: String,
    /// How long scrapes in progress may take after a signal to stop.
    pub shutdown_timeout: Duration,
    /// Limits on clients.
    pub limits: ConnectionLimits,
    /// Encryption and authentication.
    pub web: Arc<Web>,
}

/// Limits on clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Number of connections, if there are enough file descriptors. A further one
    /// closes a connection of the address with the most, an idle one if possible.
    pub connections: usize,
    /// Number of scrapes that are answered at one time; 0 is no limit. A client without
    /// a scrape in progress is always answered.
    pub scrapes: usize,
    /// Timeout of a TLS handshake, and of receiving a request, idle time included.
    pub read: Duration,
    /// How long a client may leave a response unread.
    pub write: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        // Far more than a pair of Prometheus servers opens.
        Self {
            connections: 512,
            // As exporters in Go have it.
            scrapes: 40,
            read: Duration::from_secs(30),
            write: Duration::from_secs(30),
        }
    }
}
