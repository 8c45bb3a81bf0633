//! The settings to reach one site.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use super::identity::Identity;
use super::origin::{Origin, Scheme};
use super::proxy::Proxy;
use crate::secret::ApiKey;

/// How one site is reached. All requests to the site follow it.
#[derive(Clone, Debug)]
pub struct EgressSettings {
    /// The only destination.
    pub origin: Origin,
    /// The path before every API path, without a trailing `/`.
    pub base_path: String,
    /// Added to every request by the host; the guest never sees it.
    pub credential: ApiKey,
    /// TLS settings. Unused for plain HTTP.
    pub tls: UpstreamTls,
    /// `None` connects directly.
    pub proxy: Option<Proxy>,
    /// Whether the host name may resolve to this machine, its links or its cloud's
    /// metadata service.
    pub allow_local_addresses: bool,
    /// The timeout of each step.
    pub timeouts: Timeouts,
    /// Limits on requests and collections.
    pub limits: RequestLimits,
}

/// How to verify a site's certificate, and the client certificate.
#[derive(Clone, Debug, Default)]
pub struct UpstreamTls {
    /// The trusted authorities; empty means the system's trust store.
    pub authorities: Vec<CertificateDer<'static>>,
    /// The client certificate, for a server that asks for one.
    pub identity: Option<Arc<Identity>>,
    /// The name that the certificate must have, instead of the origin's host.
    pub server_name: Option<String>,
    /// The oldest accepted version.
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

/// The timeout of each step of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name resolution and TCP.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// From the request to the first byte of the response.
    pub first_byte: Duration,
    /// Between two chunks of the body.
    pub between_bytes: Duration,
    /// The whole request.
    pub total: Duration,
}

/// Limits on a request, a response and a collection. A probe counts as a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Bytes of one URL.
    pub url_bytes: u64,
    /// Headers that the guest adds to one request.
    pub request_headers: u64,
    /// Bytes of their names and values.
    pub request_header_bytes: u64,
    /// Bytes of one request body.
    pub request_bytes: u64,
    /// Bytes of one response's status line and headers.
    pub response_header_bytes: u64,
    /// Bytes of one response body.
    pub response_bytes: u64,
    /// Requests of one collection.
    pub requests: u64,
    /// Bytes of all response bodies of one collection.
    pub bytes: u64,
    /// Concurrent requests of one collection.
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
            // A million jobs are 10,000 pages of about 300 KiB each.
            requests: 20_000,
            bytes: 4 << 30,
            concurrent: 32,
        }
    }
}

impl EgressSettings {
    /// Whether the server is not verified: plain HTTP, or any certificate is accepted.
    pub fn is_insecure(&self) -> bool {
        self.origin.scheme == Scheme::Http || self.tls.insecure_skip_verify
    }
}
