//! A new connection: name, TCP and TLS, each step with its own limit and its
//! own failure.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::failure::{Failure, Step};
use super::resolver::Resolver;
use super::settings::Timeouts;

/// Makes the connections of one pool.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector<Resolver>,
    /// None over plain HTTP.
    tls: Option<Handshake>,
    timeouts: Timeouts,
}

/// Whom to expect, and why to believe it.
#[derive(Clone)]
pub(super) struct Handshake {
    pub(super) config: Arc<ClientConfig>,
    pub(super) server: ServerName<'static>,
}

type Tcp = TokioIo<TcpStream>;
type Stream = MaybeHttpsStream<Tcp>;

impl Connector {
    pub(super) fn new(tls: Option<Handshake>, timeouts: Timeouts) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Divided among a name's addresses, so that one that does not answer
        // leaves time for the next.
        tcp.set_connect_timeout(Some(timeouts.connect));
        Self { tcp, tls, timeouts }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        // The resolver, which is all that TCP waits for, is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let connecting = self.tcp.call(server);
        let (tls, timeouts) = (self.tls.clone(), self.timeouts);
        Box::pin(async move {
            let tcp = timeout(timeouts.connect, connecting)
                .await
                .map_err(|_| Failure::Timeout(Step::Connect))?
                .map_err(|error| unconnected(&error))?;
            let Some(tls) = tls else {
                return Ok(MaybeHttpsStream::Http(tcp));
            };
            timeout(timeouts.tls, tls.shake(tcp))
                .await
                .map_err(|_| Failure::Timeout(Step::Tls))?
        })
    }
}

impl Handshake {
    async fn shake(self, tcp: Tcp) -> Result<Stream, Failure> {
        TlsConnector::from(self.config)
            .connect(self.server, TokioIo::new(tcp))
            .await
            .map(MaybeHttpsStream::from)
            .map_err(|error| match Failure::from_chain(&error) {
                Failure::Incomplete => Failure::Tls("closed during the handshake".into()),
                failure => failure,
            })
    }
}

/// `error` is one of the HTTP library, whose type it keeps to itself.
fn unconnected(error: &(dyn std::error::Error + 'static)) -> Failure {
    let io = error
        .source()
        .and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match io {
        Some(io) if io.kind() == std::io::ErrorKind::TimedOut => Failure::Timeout(Step::Connect),
        Some(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => Failure::Refused,
        Some(io) => Failure::Unreachable(io.to_string()),
        None => Failure::from_chain(error),
    }
}
