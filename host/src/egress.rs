//! The way out of one site: where its requests may go, what is added to them,
//! and how long and how large an answer may be.
//!
//! An [`Egress`] owns the site's credential and its pool of connections, and
//! outlives the guests that use it: each collection takes fresh [`Hooks`], and
//! a reload keeps the `Egress` whose [`Settings::fingerprint`] is unchanged.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::uri::{self, Authority};

use crate::budget::MemoryBudget;
use crate::site::SiteName;

mod address;
mod allow;
mod body;
mod client;
mod connector;
mod credential;
mod deadlines;
mod exchange;
mod failure;
mod fingerprint;
mod hooks;
mod identity;
mod insecure;
mod path;
mod permit;
mod proxy;
mod redact;
mod request;
mod request_log;
mod resolver;
mod search;
mod session;
mod settings;
mod sockets;
mod stream;
mod traffic;
mod trust;

#[cfg(test)]
mod tests;

pub use allow::Rule;
pub use hooks::{BODY_CHUNK, Hooks, QUEUED_BODY};
pub use identity::Identity;
pub use permit::Permit;
pub use proxy::{Proxies, Proxy};
pub use settings::{Origin, RequestLimits, Scheme, Settings, Timeouts, TlsVersion, UpstreamTls};
pub use sockets::Sockets;
pub use traffic::{Tally, Traffic};

/// Told about everything that leaves, or is kept from leaving.
pub trait Observer: Send + Sync {
    /// A request has ended, its body with it. `code` is the status, such as
    /// `200`, or one word for the error, such as `timeout`.
    fn request(&self, site: &SiteName, code: &str, took: Duration);
    /// Bytes of one response body, as they came over the wire.
    fn received(&self, site: &SiteName, bytes: u64);
    /// A request was refused before it left; `rule` is a [`Rule`]'s name.
    fn denied(&self, site: &SiteName, rule: &'static str);
    /// So many headers of a request were removed before it left.
    fn headers_removed(&self, site: &SiteName, count: usize);
}

/// Tells nobody: for a process that serves no metrics.
pub struct Silent;

impl Observer for Silent {
    fn request(&self, _: &SiteName, _: &str, _: Duration) {}
    fn received(&self, _: &SiteName, _: u64) {}
    fn denied(&self, _: &SiteName, _: &'static str) {}
    fn headers_removed(&self, _: &SiteName, _: usize) {}
}

/// The way out of one site.
pub struct Egress {
    site: SiteName,
    settings: Settings,
    scheme: uri::Scheme,
    authority: Authority,
    pool: ArcSwap<client::Pool>,
    connector: connector::Connector,
    sockets: Arc<Sockets>,
    secrets: Arc<redact::Secrets>,
    observer: Arc<dyn Observer>,
    fingerprint: [u8; 32],
}

impl Egress {
    /// Prepares the way; nothing is connected yet.
    ///
    /// # Errors
    /// When the origin is no valid URL, or there is nothing to trust a server's
    /// certificate by.
    pub fn new(
        site: SiteName,
        settings: &Settings,
        observer: Arc<dyn Observer>,
        sockets: Arc<Sockets>,
    ) -> Result<Arc<Self>, EgressError> {
        let origin = &settings.origin;
        let invalid = || EgressError::Origin(origin.url());
        let authority = format!("{}:{}", origin.host, origin.port);
        let connector = client::connector(settings, Arc::clone(&sockets))?;
        Ok(Arc::new(Self {
            site,
            scheme: uri::Scheme::try_from(origin.scheme.as_str()).map_err(|_| invalid())?,
            authority: Authority::try_from(authority).map_err(|_| invalid())?,
            pool: ArcSwap::from_pointee(client::pool(settings, &connector)),
            connector,
            sockets,
            secrets: Arc::new(redact::Secrets::new(settings)),
            fingerprint: settings.fingerprint(),
            settings: settings.clone(),
            observer,
        }))
    }

    /// What one collection of a guest sends its requests through.
    /// What the requests hold counts against `budget`.
    pub fn hooks(self: &Arc<Self>, permit: Arc<Permit>, budget: MemoryBudget) -> Hooks {
        Hooks::new(Arc::clone(self), permit, budget)
    }

    /// Lets a pool without connections take the place of this one, which is dropped
    /// once no call uses it.
    fn renew_pool(&self) {
        let pool = client::pool(&self.settings, &self.connector);
        self.pool.store(Arc::new(pool));
    }

    /// The fingerprint of the settings that this way out was made from.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress")
            .field("site", &self.site)
            .field("origin", &self.settings.origin)
            .finish_non_exhaustive()
    }
}

/// Why there is no way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EgressError {
    /// The origin, which cannot stand in a request or name a certificate.
    Origin(String),
    /// What the server's certificate is to be for, which no certificate is.
    Name(String),
    /// One of the site's own authorities cannot be used: its number, counted
    /// from 1, and the reason.
    Authority(usize, String),
    /// The system's trust store holds no certificate.
    NoTrust,
    /// The TLS library refused the settings.
    Tls(String),
}

impl EgressError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoTrust => Some("name the server's certificate authority with `caFile`"),
            Self::Authority(..) => Some("`caFile` must hold certificates of authorities, as PEM"),
            Self::Name(_) => Some("`serverName` is a name or an address, and nothing else"),
            Self::Origin(_) | Self::Tls(_) => None,
        }
    }
}

impl fmt::Display for EgressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin(url) => write!(f, "`{url}` is not the address of a server"),
            Self::Name(name) => write!(f, "no certificate is for `{name}`"),
            Self::Authority(number, reason) => {
                write!(f, "certificate {number} of the authorities: {reason}")
            }
            Self::NoTrust => f.write_str("the system's trust store holds no certificate"),
            Self::Tls(reason) => write!(f, "TLS settings: {reason}"),
        }
    }
}

impl std::error::Error for EgressError {}
