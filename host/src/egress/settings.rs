//! What the host needs to reach one site.

use std::time::Duration;

use rustls::pki_types::CertificateDer;

use crate::secret::ApiKey;

/// How one site is reached. Everything that leaves the process for this site
/// obeys it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The only destination.
    pub origin: Origin,
    /// Added to every request by the host; the guest never sees it.
    pub credential: ApiKey,
    /// How the server proves who it is. Unused over plain HTTP.
    pub tls: Tls,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// Bytes of one response body.
    pub max_response_bytes: u64,
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

/// Trust in a site's certificate.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The certificates that may have signed the server's; empty means the
    /// system's trust store.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Accept any certificate.
    pub insecure_skip_verify: bool,
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
