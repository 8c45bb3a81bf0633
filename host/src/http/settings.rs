//! Where the exporter listens, and what it grants to clients.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::web::Web;

/// The listener and its manners.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Every address to listen on; a name may stand for several.
    pub listen: Vec<SocketAddr>,
    /// Names of this listener that no stranger can have.
    pub names: Vec<String>,
    /// The path that is scraped, such as `/metrics`.
    pub metrics_path: String,
    /// How long a scrape that has begun may take to end when the program stops.
    pub shutdown_timeout: Duration,
    /// What a client may use up.
    pub limits: ConnectionLimits,
    /// Encryption, and who is let in.
    pub web: Arc<Web>,
}

/// What a client may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections at once, as far as there are file descriptors for them. For
    /// one more, the address that has the most loses one, an idle one if it can be.
    pub connections: usize,
    /// How long a TLS handshake may take, and how long it may take a client to
    /// say what it wants, saying nothing included.
    pub read: Duration,
    /// How long a client may leave an answer unread that waits for it.
    pub write: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        // Far above what a pair of Prometheus servers opens.
        Self {
            connections: 512,
            read: Duration::from_secs(30),
            write: Duration::from_secs(30),
        }
    }
}
