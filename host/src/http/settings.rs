//! Where the exporter listens.

use std::net::SocketAddr;
use std::time::Duration;

/// The listener and its manners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Every address to listen on; a name may stand for several.
    pub listen: Vec<SocketAddr>,
    /// The path that is scraped, such as `/metrics`.
    pub metrics_path: String,
    /// How long a scrape that has begun may take to end when the program stops.
    pub shutdown_timeout: Duration,
}
