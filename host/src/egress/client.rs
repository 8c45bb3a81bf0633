//! The pool of connections to one site.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::ServerName;

use super::connector::{Connector, Handshake};
use super::failure::Failure;
use super::settings::{Origin, Scheme, Settings};
use super::{Error, trust};

/// Connections that nobody used for this long are closed.
const IDLE: Duration = Duration::from_secs(90);
/// As many as a guest asks at once, roughly: one or two for each collector.
const MAX_IDLE: usize = 8;

pub(super) type RequestBody = UnsyncBoxBody<Bytes, Failure>;
pub(super) type Client = legacy::Client<Connector, RequestBody>;

/// HTTP/1.1 only; redirects are not followed.
pub(super) fn build(settings: &Settings) -> Result<Client, Error> {
    let tls = match settings.origin.scheme {
        Scheme::Http => None,
        Scheme::Https => Some(Handshake {
            config: trust::config(&settings.tls)?,
            server: server_name(&settings.origin)?,
        }),
    };
    let client = legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MAX_IDLE)
        // A request that found its pooled connection closed before a byte of
        // it was sent goes out again on another.
        .retry_canceled_requests(true)
        .build(Connector::new(tls, settings.timeouts));
    Ok(client)
}

/// What the certificate must be for. An IPv6 address stands there bare.
fn server_name(origin: &Origin) -> Result<ServerName<'static>, Error> {
    let host = origin.host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned()).map_err(|_| Error::Origin(origin.url()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_may_be_for_a_name_or_an_address() {
        let name = |host: &str| {
            let origin = Origin {
                scheme: Scheme::Https,
                host: host.into(),
                port: 1556,
            };
            server_name(&origin).map(|name| name.to_str().into_owned())
        };
        assert_eq!(name("nbu1.example").unwrap(), "nbu1.example");
        assert_eq!(name("10.0.0.1").unwrap(), "10.0.0.1");
        assert_eq!(name("[::1]").unwrap(), "::1");
        assert_eq!(
            name("not a name"),
            Err(Error::Origin("https://not a name:1556".into()))
        );
    }
}
