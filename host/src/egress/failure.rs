//! Why a request got no complete response, from all libraries involved.

use std::error::Error;
use std::{fmt, io};

use jiff::Timestamp;
use rustix::io::Errno;
use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use super::allow::Rule;
use super::redact::Secrets;
use super::verifier::UntrustedIssuer;
use crate::bundle::MissingRequest;

/// Characters of a reason that are kept.
const MAX_REASON: usize = 200;

/// The reason. After [`redacted`](RequestFailure::redacted) it may be logged and shown
/// to a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RequestFailure {
    /// It was not sent.
    Denied(Rule),
    /// The name does not resolve.
    Name(String),
    /// No server listens.
    Refused,
    /// The connection failed for another reason.
    Unreachable(String),
    /// There was no file descriptor for a connection.
    NoDescriptor(Shortage),
    /// A step timed out.
    Timeout(TimeoutStep),
    /// The proxy did not connect to the server.
    Proxy(String),
    /// The server's certificate is not trusted.
    Certificate(CertificateFault, String),
    /// The server rejected the TLS handshake: code and name of its alert.
    Alert(u8, String),
    /// The server responded to the handshake, but not with TLS.
    NotTls,
    /// TLS failed for another reason.
    Tls(String),
    /// The connection broke.
    Terminated,
    /// The server ended the response early.
    Incomplete,
    /// The body is larger than this many bytes.
    TooLarge(u64),
    /// The head of the response is too large.
    HeadTooLarge,
    /// Not HTTP.
    Malformed(String),
    /// The response has this encoding, which was not requested.
    Encoded(String),
    /// The guest canceled its own request body.
    Aborted,
    /// A bundle answers, and does not have this request.
    NotRecorded(MissingRequest),
}

/// Why a certificate is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CertificateFault {
    UnknownIssuer,
    RenewedIssuer,
    WrongName,
    Expired,
    NotYetValid,
    Other,
}

/// Where file descriptors ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shortage {
    /// All of this number of connections are in use.
    Upstream(usize),
    /// The process has reached its limit.
    Process,
    /// The machine has reached its limit.
    System,
}

/// The steps with a timeout; see `Timeouts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeoutStep {
    Connect,
    Tls,
    FirstByte,
    BetweenBytes,
    Total,
}

impl RequestFailure {
    /// The `code` label of `nbu_exporter_upstream_requests_total`.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Name(_) => "dns",
            Self::Refused => "refused",
            Self::Unreachable(_) => "unreachable",
            Self::NoDescriptor(_) => "no_descriptor",
            Self::Timeout(_) => "timeout",
            Self::Proxy(_) => "proxy",
            Self::Certificate(..) => "certificate",
            Self::Alert(..) | Self::NotTls | Self::Tls(_) => "tls",
            Self::Terminated | Self::Incomplete => "closed",
            Self::TooLarge(_) | Self::HeadTooLarge => "too_large",
            Self::Malformed(_) => "malformed",
            Self::Encoded(_) => "encoded",
            Self::Aborted => "aborted",
            Self::NotRecorded(_) => "not_recorded",
        }
    }

    /// Without secrets, and shortened for the log. A library may quote what a server
    /// sent, and a server may send a secret.
    pub(super) fn redacted(mut self, secrets: &Secrets) -> Self {
        if let Self::Name(text)
        | Self::Unreachable(text)
        | Self::Proxy(text)
        | Self::Certificate(_, text)
        | Self::Alert(_, text)
        | Self::Tls(text)
        | Self::Malformed(text)
        | Self::Encoded(text) = &mut self
        {
            let redacted = secrets.redact_text(text);
            // Shorten it last, because half a secret would not be found.
            *text = redacted.chars().take(MAX_REASON).collect();
        }
        self
    }

    /// The first known cause in a chain of errors, with the connector's failures first.
    pub(super) fn from_chain(error: &(dyn Error + 'static)) -> Self {
        let chain = || std::iter::successors(Some(error), |&cause| cause.source());
        chain()
            .find_map(Self::known)
            .or_else(|| chain().find_map(Self::unsent))
            .unwrap_or_else(|| Self::Malformed(error.to_string()))
    }

    /// A new connection was closed before the request was sent. The HTTP library has no
    /// error type for it.
    fn unsent(cause: &(dyn Error + 'static)) -> Option<Self> {
        let error = cause.downcast_ref::<hyper::Error>()?;
        (error.is_canceled() || error.is_closed()).then_some(Self::Terminated)
    }

    fn known(cause: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(failure) = cause.downcast_ref::<Self>() {
            return Some(failure.clone());
        }
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return Some(Self::from_tls(error));
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return Some(Self::from_io(error));
        }
        cause
            .downcast_ref::<hyper::Error>()
            .and_then(Self::from_hyper)
    }

    /// `None` means that the source of the error decides.
    fn from_hyper(error: &hyper::Error) -> Option<Self> {
        if error.is_incomplete_message() {
            Some(Self::Incomplete)
        } else if error.is_parse_too_large() {
            Some(Self::HeadTooLarge)
        } else if error.is_parse() {
            Some(Self::Malformed(error.to_string()))
        } else if error.source().is_some() {
            None
        } else if error.is_user() {
            Some(Self::Aborted)
        } else {
            Some(Self::Terminated)
        }
    }

    fn from_io(error: &io::Error) -> Self {
        // `source` of an io::Error does not return the wrapped error.
        if let Some(known) = error.get_ref().and_then(|inner| Self::known(inner)) {
            return known;
        }
        if let Some(shortage) = Shortage::of(error) {
            return Self::NoDescriptor(shortage);
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::UnexpectedEof => Self::Incomplete,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Self::Malformed(error.to_string())
            }
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                Self::Unreachable(error.to_string())
            }
            _ => Self::Terminated,
        }
    }

    /// Connecting to the proxy failed, or the proxy did. The error has a private type of
    /// the HTTP library.
    pub(super) fn from_tunnel(error: &(dyn Error + 'static)) -> Self {
        let mut next = error.source();
        while let Some(cause) = next {
            if let Some(failure) = cause.downcast_ref::<Self>() {
                return failure.clone();
            }
            next = cause.source();
        }
        let text = error.to_string();
        let reason = text.strip_prefix("tunnel error: ").unwrap_or(&text);
        Self::Proxy(reason.to_owned())
    }

    fn from_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(reason) => Self::from_certificate(reason),
            rustls::Error::NoCertificatesPresented => {
                Self::Certificate(CertificateFault::Other, error.to_string())
            }
            rustls::Error::InvalidMessage(_) => Self::NotTls,
            rustls::Error::AlertReceived(alert) => {
                Self::Alert(u8::from(*alert), format!("{alert:?}"))
            }
            _ => Self::Tls(error.to_string()),
        }
    }

    fn from_certificate(error: &CertificateError) -> Self {
        let date = |time: &UnixTime| {
            let seconds = i64::try_from(time.as_secs()).ok();
            let date = seconds.and_then(|it| Timestamp::from_second(it).ok());
            date.map_or_else(|| "?".to_owned(), |date| date.to_string())
        };
        let (fault, reason) = match error {
            CertificateError::ExpiredContext { not_after, .. } => (
                CertificateFault::Expired,
                format!("expired at `{}`", date(not_after)),
            ),
            CertificateError::NotValidYetContext { not_before, .. } => (
                CertificateFault::NotYetValid,
                format!("not valid before `{}`", date(not_before)),
            ),
            CertificateError::NotValidForNameContext {
                expected,
                presented,
            } => {
                let names: Vec<_> = presented.iter().map(|name| bare_name(name)).collect();
                let (names, expected) = (names.join("`, `"), expected.to_str());
                let reason = format!("issued for `{names}`, not for `{expected}`");
                (CertificateFault::WrongName, reason)
            }
            CertificateError::Other(other) => {
                let fault = match other.0.downcast_ref() {
                    Some(UntrustedIssuer::Unknown(_)) => CertificateFault::UnknownIssuer,
                    Some(UntrustedIssuer::OtherKey(_)) => CertificateFault::RenewedIssuer,
                    None => CertificateFault::Other,
                };
                (fault, other.0.to_string())
            }
            _ => (CertificateFault::Other, error.to_string()),
        };
        Self::Certificate(fault, reason)
    }
}

impl fmt::Display for RequestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(rule) => write!(f, "denied: {}", rule.as_str()),
            Self::Name(reason) => write!(f, "name resolution failed: {reason}"),
            Self::Refused => f.write_str("connection refused"),
            Self::Unreachable(reason) => write!(f, "unreachable: {reason}"),
            Self::NoDescriptor(shortage) => write!(f, "no file descriptors left: {shortage}"),
            Self::Timeout(step) => write!(f, "timeout: {step}"),
            Self::Proxy(reason) => write!(f, "proxy: {reason}"),
            Self::Certificate(_, reason) => write!(f, "certificate not trusted: {reason}"),
            Self::Alert(_, name) => write!(f, "the server rejected TLS: {name}"),
            Self::NotTls => f.write_str("the server did not respond with TLS"),
            Self::Tls(reason) => write!(f, "TLS: {reason}"),
            Self::Terminated => f.write_str("connection closed"),
            Self::Incomplete => f.write_str("the server ended the response early"),
            Self::TooLarge(cap) => write!(f, "body larger than {cap} bytes"),
            Self::HeadTooLarge => f.write_str("response head too large"),
            Self::Malformed(reason) => write!(f, "the server did not respond with HTTP: {reason}"),
            Self::Encoded(coding) => write!(f, "unexpected encoding: {coding}"),
            Self::Aborted => f.write_str("request body canceled by the guest"),
            Self::NotRecorded(missing) => missing.fmt(f),
        }
    }
}

impl Error for RequestFailure {}

/// The library quotes a name as `DnsName("nbu1")`.
fn bare_name(quoted: &str) -> &str {
    let inner = quoted.split_once('(').map_or(quoted, |(_, inner)| inner);
    inner.trim_end_matches(')').trim_matches('"')
}

impl Shortage {
    /// The shortage that a system error means.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        match Errno::from_io_error(error)? {
            Errno::MFILE => Some(Self::Process),
            Errno::NFILE => Some(Self::System),
            _ => None,
        }
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const RAISE: &str = "raise `LimitNOFILE=` of the unit, or `ulimit -n`";
        match self {
            Self::Upstream(all) => {
                write!(f, "all {all} connections to NetBackup are in use; {RAISE}")
            }
            Self::Process => write!(f, "the process has reached its limit (EMFILE); {RAISE}"),
            Self::System => f.write_str(
                "the machine has reached its limit (ENFILE); raise the sysctl `fs.file-max`",
            ),
        }
    }
}

impl fmt::Display for TimeoutStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Tls => "TLS handshake",
            Self::FirstByte => "first byte",
            Self::BetweenBytes => "between bytes",
            Self::Total => "whole request",
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::Empty;
    use hyper::client::conn::http1;
    use hyper_util::rt::TokioIo;

    use super::*;

    #[test]
    fn no_reason_contains_a_secret_or_a_part_of_one() {
        let secrets = Secrets::new(&super::super::tests::settings(1));
        let long = format!("{}s3cret-key", "x".repeat(MAX_REASON - 5));
        for kind in [
            RequestFailure::Name,
            RequestFailure::Unreachable,
            RequestFailure::Proxy,
            |text| RequestFailure::Certificate(CertificateFault::Other, text),
            |text| RequestFailure::Alert(0, text),
            RequestFailure::Tls,
            RequestFailure::Malformed,
            RequestFailure::Encoded,
        ] {
            let shown = kind("is `s3cret-key`".to_owned()).redacted(&secrets);
            assert_eq!(shown, kind("is `**********`".to_owned()));
            let cut = kind(long.clone()).redacted(&secrets).to_string();
            assert!(cut.ends_with("x*****"), "{cut}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_closes_before_it_is_used_is_broken() {
        let (ours, theirs) = tokio::io::duplex(64);
        let (mut sender, connection) = http1::handshake(TokioIo::new(ours)).await.unwrap();
        let sending = sender.send_request(http::Request::new(Empty::<Bytes>::new()));
        drop(theirs);
        drop(connection);
        let error = sending.await.unwrap_err();
        assert!(error.source().is_some(), "an error of the library");
        assert_eq!(
            RequestFailure::from_chain(&error),
            RequestFailure::Terminated
        );
    }
    #[test]
    fn a_lack_of_descriptors_is_named_at_every_layer() {
        for (errno, words) in [(Errno::MFILE, "EMFILE"), (Errno::NFILE, "ENFILE")] {
            let failure = RequestFailure::from_chain(&io::Error::from(errno));
            assert_eq!(failure.word(), "no_descriptor");
            let said = failure.to_string();
            assert!(said.starts_with("no file descriptors left"), "{said}");
            assert!(said.contains(words), "{said}");
        }
    }
}
