//! The outgoing requests of one site: where they may go, what is added to them, and
//! the limits of responses.
//!
//! An [`Egress`] owns the site's credential and connection pool. Each collection uses
//! new [`Hooks`], and a reload keeps an `Egress` whose [`EgressSettings::fingerprint`] is
//! unchanged.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use http::uri::{self, Authority};

use self::upstream::{Network, Upstream};
use crate::budget::MemoryBudget;
use crate::site::SiteName;

mod address;
mod allow;
mod body;
mod client;
mod connector;
mod credential;
mod deadlines;
mod diagnosis;
mod exchange;
mod failure;
mod fingerprint;
mod hooks;
mod identity;
mod insecure;
mod origin;
mod path;
mod permit;
mod proxy;
mod recorder;
mod redact;
mod replay;
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
mod turns;
mod upstream;
mod verifier;

#[cfg(test)]
mod tests;

pub use allow::{READ_ONLY_POST, Rule};
pub use diagnosis::Diagnosis;
pub use hooks::{BODY_CHUNK, Hooks, QUEUED_BODY};
pub use identity::Identity;
pub use origin::{Origin, Scheme};
pub use permit::Permit;
pub use proxy::{Proxies, Proxy};
pub use recorder::Recorder;
pub use settings::{EgressSettings, RequestLimits, Timeouts, TlsVersion, UpstreamTls};
pub use sockets::Sockets;
pub use traffic::{Tally, Traffic};

/// Observes all requests, sent or denied.
pub trait Observer: Send + Sync {
    /// A request ended, including its body. `path` includes the base path and the query.
    /// `code` is the status, such as `200`, or a failure, such as `timeout`.
    fn request(&self, site: &SiteName, path: &str, code: &str, took: Duration);
    /// Bytes of one response body as received.
    fn received(&self, site: &SiteName, bytes: u64);
    /// A request was denied; `rule` is the name of a [`Rule`].
    fn denied(&self, site: &SiteName, rule: &'static str);
    /// Headers of a request were removed.
    fn headers_removed(&self, site: &SiteName, count: usize);
}

/// An observer that does nothing, for commands that serve no metrics.
pub struct NoObserver;

impl Observer for NoObserver {
    fn request(&self, _: &SiteName, _: &str, _: &str, _: Duration) {}
    fn received(&self, _: &SiteName, _: u64) {}
    fn denied(&self, _: &SiteName, _: &'static str) {}
    fn headers_removed(&self, _: &SiteName, _: usize) {}
}

/// The outgoing requests of one site.
pub struct Egress {
    site: SiteName,
    settings: EgressSettings,
    scheme: uri::Scheme,
    authority: Authority,
    upstream: Upstream,
    secrets: Arc<redact::Secrets>,
    observer: Arc<dyn Observer>,
    /// Why connections fail now.
    diagnosis: ArcSwapOption<Diagnosis>,
    fingerprint: [u8; 32],
    recorder: OnceLock<Arc<Recorder>>,
    /// Unused if neither recording nor replaying.
    turns: turns::Turns,
}

impl Egress {
    /// Prepares the client; nothing is connected yet.
    ///
    /// # Errors
    /// The origin is not a valid URL, or the TLS settings are unusable.
    pub fn new(
        site: SiteName,
        settings: &EgressSettings,
        observer: Arc<dyn Observer>,
        sockets: Arc<Sockets>,
    ) -> Result<Arc<Self>, EgressError> {
        let network = Network::new(settings, sockets)?;
        Self::over(
            site,
            settings,
            observer,
            Upstream::Network(Box::new(network)),
        )
    }

    fn over(
        site: SiteName,
        settings: &EgressSettings,
        observer: Arc<dyn Observer>,
        upstream: Upstream,
    ) -> Result<Arc<Self>, EgressError> {
        let origin = &settings.origin;
        let invalid = || EgressError::Origin(origin.url());
        let authority = format!("{}:{}", origin.host, origin.port);
        Ok(Arc::new(Self {
            site,
            scheme: uri::Scheme::try_from(origin.scheme.as_str()).map_err(|_| invalid())?,
            authority: Authority::try_from(authority).map_err(|_| invalid())?,
            upstream,
            secrets: Arc::new(redact::Secrets::new(settings)),
            fingerprint: settings.fingerprint(),
            settings: settings.clone(),
            observer,
            diagnosis: ArcSwapOption::empty(),
            recorder: OnceLock::new(),
            turns: turns::Turns::default(),
        }))
    }

    /// The hooks for one collection of a guest. The memory of its requests counts
    /// against `budget`.
    pub fn hooks(self: &Arc<Self>, permit: Arc<Permit>, budget: MemoryBudget) -> Hooks {
        Hooks::new(Arc::clone(self), permit, budget)
    }

    /// Records all requests from now on, and sends one at a time. Returns the recorder,
    /// which is the same for every call.
    pub fn record(&self) -> Arc<Recorder> {
        Arc::clone(self.recorder.get_or_init(Arc::default))
    }

    /// The place of the next request, if requests are answered one at a time.
    fn turn(&self) -> Option<turns::Turn> {
        self.is_repeatable().then(|| self.turns.take())
    }

    /// Whether a collection is recorded or repeated, so that nothing in it may depend on
    /// the time that an answer takes.
    pub fn is_repeatable(&self) -> bool {
        self.recorder.get().is_some() || self.upstream.is_bundle()
    }

    /// Why connections fail now; `None` if the last one succeeded.
    pub fn diagnosis(&self) -> Option<Arc<Diagnosis>> {
        self.diagnosis.load_full()
    }

    /// The fingerprint of its settings.
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

/// Why the requests of a site cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EgressError {
    /// The origin is not a valid URL or not a valid certificate name.
    Origin(String),
    /// The server name is not a valid certificate name.
    Name(String),
    /// One of the site's authorities is invalid: its number, from 1, and the reason.
    Authority(usize, String),
    /// The system's trust store contains no certificates.
    NoTrust,
    /// The TLS library rejected the settings.
    Tls(String),
}

impl EgressError {
    /// How to fix it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoTrust => Some("set `caFile` to the authority of the server's certificate"),
            Self::Authority(..) => Some("`caFile` must contain certificates of authorities in PEM"),
            Self::Name(_) => Some("`serverName` must be a host name or an address"),
            Self::Origin(_) | Self::Tls(_) => None,
        }
    }
}

impl fmt::Display for EgressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin(url) => write!(f, "`{url}` is not a valid server URL"),
            Self::Name(name) => write!(f, "`{name}` is not a valid certificate name"),
            Self::Authority(number, reason) => {
                write!(f, "invalid authority certificate number {number}: {reason}")
            }
            Self::NoTrust => f.write_str("the system's trust store contains no certificates"),
            Self::Tls(reason) => write!(f, "invalid TLS settings: {reason}"),
        }
    }
}

impl std::error::Error for EgressError {}
