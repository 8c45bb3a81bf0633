//! What the host needs to reach one site.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use super::identity::Identity;
use super::proxy::Proxy;
use crate::secret::ApiKey;

/// How one site is reached. Everything that leaves the process for this site
/// obeys it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The only destination.
    pub origin: Origin,
    /// The path before every API path, without a `/` at its end.
    pub base_path: String,
    /// Added to every request by the host; the guest never sees it.
    pub credential: ApiKey,
    /// How server and host prove who they are. Unused over plain HTTP.
    pub tls: UpstreamTls,
    /// None: the site is connected to directly.
    pub proxy: Option<Proxy>,
    /// Whether the site's name may lead to this machine, its links or the
    /// metadata service of its cloud.
    pub allow_local_addresses: bool,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// How much a request and a collection may be.
    pub limits: RequestLimits,
}

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether TLS is spoken.
    pub scheme: Scheme,
    /// A name or an address; an IPv6 address in brackets.
    pub host: String,
    /// The port, always written out.
    pub port: u16,
}

/// The two schemes that a NetBackup server may be reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Scheme {
    Http,
    Https,
}

/// Trust in a site's certificate, and the certificate that is shown to it.
#[derive(Clone, Debug, Default)]
pub struct UpstreamTls {
    /// The certificates that may have signed the server's; empty means the
    /// system's trust store.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Shown to a server that asks for one.
    pub identity: Option<Arc<Identity>>,
    /// What the certificate must be for, instead of the origin's host.
    pub server_name: Option<String>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// Accept any certificate.
    pub insecure_skip_verify: bool,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// 1.2, the default.
    #[default]
    Tls12,
    /// 1.3.
    Tls13,
}

/// The longest that each step of one request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name resolution and TCP.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// From the request sent to the first byte of the answer.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub between_bytes: Duration,
    /// The whole request.
    pub total: Duration,
}

/// The most that a request, an answer and a collection may be. A probe counts
/// as a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Bytes of one URL.
    pub url_bytes: u64,
    /// Headers that the guest adds to one request.
    pub request_headers: u64,
    /// Bytes of their names and values.
    pub request_header_bytes: u64,
    /// Bytes of one request's body.
    pub request_bytes: u64,
    /// Bytes of one answer's status line and headers.
    pub response_header_bytes: u64,
    /// Bytes of one answer's body.
    pub response_bytes: u64,
    /// Requests of one collection.
    pub requests: u64,
    /// Bytes of all answers' bodies in one collection.
    pub bytes: u64,
    /// Requests of one collection that are under way at one time.
    pub concurrent: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(5),
            tls: seconds(10),
            first_byte: seconds(30),
            between_bytes: seconds(15),
            total: seconds(60),
        }
    }
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            url_bytes: 8 << 10,
            request_headers: 32,
            request_header_bytes: 8 << 10,
            request_bytes: 64 << 10,
            response_header_bytes: 64 << 10,
            response_bytes: 64 << 20,
            // A million jobs are 10,000 pages, of some 300 KiB each.
            requests: 20_000,
            bytes: 4 << 30,
            concurrent: 32,
        }
    }
}

impl Settings {
    /// Whether nobody verifies that the server is the one that is meant: plain
    /// HTTP, or any certificate is accepted.
    pub fn is_insecure(&self) -> bool {
        self.origin.scheme == Scheme::Http || self.tls.insecure_skip_verify
    }
}

impl Origin {
    /// `https://nbu1:1556`.
    pub fn url(&self) -> String {
        format!("{}://{}:{}", self.scheme.as_str(), self.host, self.port)
    }
}

impl Scheme {
    /// `http` or `https`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
