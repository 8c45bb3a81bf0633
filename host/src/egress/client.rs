//! The pool of connections to one site.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::ServerName;
use tokio::sync::watch;

use super::connector::{Connector, Handshake};
use super::failure::RequestFailure;
use super::origin::{Origin, Scheme};
use super::proxy::Proxy;
use super::settings::{EgressSettings, UpstreamTls};
use super::sockets::Sockets;
use super::{EgressError, trust};

/// Connections that are unused for this long are closed: less than web servers wait, 5 s
/// or more. Otherwise a server may close one while the next collection sends on it.
const IDLE: Duration = Duration::from_secs(4);
/// About as many as a guest uses at the same time: one or two for each collector.
const MAX_IDLE: usize = 8;
/// The minimum buffer of the HTTP library for a response head.
const MIN_HEAD: usize = 8 << 10;
/// Headers of one response. NetBackup's have a dozen.
const MAX_HEADERS: usize = 128;

/// A request body while the guest still writes it.
pub(super) type GuestBody = UnsyncBoxBody<Bytes, RequestFailure>;
/// A complete request body.
pub(super) type SentBody = Full<Bytes>;
/// A response body while it arrives.
pub(super) type AnswerBody = UnsyncBoxBody<Bytes, RequestFailure>;
pub(super) type HttpClient = legacy::Client<Connector, SentBody>;

/// The connections of one site. When it is dropped, idle ones are closed and pending
/// ones are canceled.
pub(super) struct Pool {
    pub(super) client: HttpClient,
    _open: watch::Sender<()>,
}

/// The connector for every pool of this site.
pub(super) fn connector(
    settings: &EgressSettings,
    sockets: Arc<Sockets>,
) -> Result<Connector, EgressError> {
    let tls = match settings.origin.scheme {
        Scheme::Http => None,
        Scheme::Https => Some(Handshake {
            config: trust::site(&settings.tls)?,
            server: server_name(&settings.origin, &settings.tls)?,
        }),
    };
    let proxy_tls = match &settings.proxy {
        Some(proxy) if proxy.is_encrypted() => Some(Handshake {
            config: trust::proxy(&settings.tls)?,
            server: proxy_name(proxy)?,
        }),
        _ => None,
    };
    Ok(Connector::new(settings, tls, proxy_tls, sockets))
}

/// An empty pool. HTTP/1.1 only; redirects are not followed.
pub(super) fn pool(settings: &EgressSettings, connector: &Connector) -> Pool {
    let (open, closed) = watch::channel(());
    let head = usize::try_from(settings.limits.response_header_bytes).unwrap_or(usize::MAX);
    let client = legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MAX_IDLE)
        .http1_max_buf_size(head.max(MIN_HEAD))
        .http1_max_headers(MAX_HEADERS)
        // A request whose pooled connection was closed before any byte was sent is
        // sent on another one.
        .retry_canceled_requests(true)
        .build(connector.until(closed));
    Pool {
        client,
        _open: open,
    }
}

/// The name that the certificate must have. An IPv6 address has no brackets there.
fn server_name(origin: &Origin, tls: &UpstreamTls) -> Result<ServerName<'static>, EgressError> {
    match &tls.server_name {
        Some(name) => {
            ServerName::try_from(name.clone()).map_err(|_| EgressError::Name(name.clone()))
        }
        None => named(&origin.host).ok_or_else(|| EgressError::Origin(origin.url())),
    }
}

fn proxy_name(proxy: &Proxy) -> Result<ServerName<'static>, EgressError> {
    let name = proxy.uri.host().and_then(named);
    name.ok_or_else(|| EgressError::Origin(proxy.uri.to_string()))
}

fn named(host: &str) -> Option<ServerName<'static>> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_may_be_for_a_name_or_an_address() {
        let name = |host: &str, instead: Option<&str>| {
            let origin = Origin {
                scheme: Scheme::Https,
                host: host.into(),
                port: 1556,
            };
            let tls = UpstreamTls {
                server_name: instead.map(str::to_owned),
                ..UpstreamTls::default()
            };
            server_name(&origin, &tls).map(|name| name.to_str().into_owned())
        };
        assert_eq!(name("nbu1.example", None).unwrap(), "nbu1.example");
        assert_eq!(name("10.0.0.1", None).unwrap(), "10.0.0.1");
        assert_eq!(name("[::1]", None).unwrap(), "::1");
        assert_eq!(name("10.0.0.1", Some("nbu1")).unwrap(), "nbu1");
        assert_eq!(
            name("not a name", None),
            Err(EgressError::Origin("https://not a name:1556".into()))
        );
        assert_eq!(
            name("nbu1", Some("n 1")),
            Err(EgressError::Name("n 1".into()))
        );
    }
}
