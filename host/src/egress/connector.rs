//! New connections: name resolution, TCP and TLS, each with its own timeout and
//! failure, and optionally through a proxy.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::address::AddressPolicy;
use super::allow::Rule;
use super::failure::{RequestFailure, Shortage, TimeoutStep};
use super::proxy::Proxy;
use super::resolver::Resolver;
use super::settings::{EgressSettings, Timeouts};
use super::sockets::Sockets;
use super::stream::{Transport, UpstreamConnection};

/// Creates the connections of one pool.
#[derive(Clone)]
pub(super) struct Connector {
    /// Connects to the site, or to the proxy before it.
    hop: Hop,
    proxy: Option<Proxy>,
    /// `None` for plain HTTP.
    tls: Option<Handshake>,
    /// Shared by all sites.
    sockets: Arc<Sockets>,
    /// Closed when the pool is dropped.
    pool: Option<watch::Receiver<()>>,
}

/// Connects to one server, with or without TLS.
#[derive(Clone)]
struct Hop {
    tcp: HttpConnector<Resolver>,
    policy: AddressPolicy,
    tls: Option<Handshake>,
    timeouts: Timeouts,
}

/// The expected server name and how to verify it.
#[derive(Clone)]
pub(super) struct Handshake {
    pub(super) config: Arc<ClientConfig>,
    pub(super) server: ServerName<'static>,
}

type Connecting<S> = Pin<Box<dyn Future<Output = Result<S, RequestFailure>> + Send>>;

impl Connector {
    /// `tls` is for the site, `proxy_tls` for the proxy.
    pub(super) fn new(
        settings: &EgressSettings,
        tls: Option<Handshake>,
        proxy_tls: Option<Handshake>,
        sockets: Arc<Sockets>,
    ) -> Self {
        let policy = if settings.allow_local_addresses {
            AddressPolicy::Any
        } else {
            AddressPolicy::NotLocal
        };
        let timeouts = settings.timeouts;
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new(policy));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Divided among the addresses of a name, so that an address that does not answer
        // leaves time for the next.
        tcp.set_connect_timeout(Some(timeouts.connect));
        let hop = Hop {
            tcp,
            policy,
            tls: proxy_tls,
            timeouts,
        };
        let proxy = settings.proxy.clone();
        Self {
            hop,
            proxy,
            tls,
            sockets,
            pool: None,
        }
    }

    /// A connector for one pool, until the pool's sender is dropped.
    pub(super) fn until(&self, pool: watch::Receiver<()>) -> Self {
        Self {
            pool: Some(pool),
            ..self.clone()
        }
    }

    async fn connect(mut self, server: Uri) -> Result<UpstreamConnection, RequestFailure> {
        let Timeouts { connect, tls, .. } = self.hop.timeouts;
        let socket = self.sockets.take(connect / 2).await?;
        let (link, forwards) = match (&self.proxy, &self.tls) {
            (None, _) => (self.hop.call(server).await?, false),
            (Some(proxy), None) => (self.hop.call(proxy.uri.clone()).await?, true),
            (Some(proxy), Some(_)) => (tunnel(proxy, self.hop.clone(), server).await?, false),
        };
        let stream = match self.tls {
            None => MaybeHttpsStream::Http(link),
            Some(handshake) => handshake.shake(link, tls).await?,
        };
        Ok(UpstreamConnection::new(stream, forwards, socket))
    }
}

impl Service<Uri> for Connector {
    type Response = UpstreamConnection;
    type Error = RequestFailure;
    type Future = Connecting<UpstreamConnection>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), RequestFailure>> {
        // TCP depends only on the resolver, which is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let (connector, pool) = (self.clone(), self.pool.clone());
        Box::pin(async move {
            tokio::select! {
                connected = connector.connect(server) => connected,
                // The HTTP library continues to connect when a request has found another
                // connection, and keeps the pool meanwhile.
                () = is_dropped(pool) => Err(RequestFailure::Aborted),
            }
        })
    }
}

async fn is_dropped(pool: Option<watch::Receiver<()>>) {
    match pool {
        Some(mut pool) => while pool.changed().await.is_ok() {},
        None => std::future::pending().await,
    }
}

/// Opens a tunnel through the proxy, which sees only the server's name.
async fn tunnel(proxy: &Proxy, hop: Hop, server: Uri) -> Result<Transport, RequestFailure> {
    let limit = hop.timeouts.connect.saturating_add(hop.timeouts.tls);
    let mut tunnel = Tunnel::new(proxy.uri.clone(), hop);
    if let Some(authorization) = &proxy.authorization {
        tunnel = tunnel.with_auth(authorization.clone());
    }
    timeout(limit, tunnel.call(server))
        .await
        .map_err(|_| RequestFailure::Timeout(TimeoutStep::Connect))?
        .map_err(|error| RequestFailure::from_tunnel(&error))
}

impl Service<Uri> for Hop {
    type Response = Transport;
    type Error = RequestFailure;
    type Future = Connecting<Transport>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), RequestFailure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let host = server.host().unwrap_or_default().to_owned();
        let connecting = self.tcp.call(server);
        let (policy, tls, timeouts) = (self.policy, self.tls.clone(), self.timeouts);
        Box::pin(async move {
            let tcp = timeout(timeouts.connect, connecting)
                .await
                .map_err(|_| RequestFailure::Timeout(TimeoutStep::Connect))?
                .map_err(|error| connect_failure(&error))?;
            check_ends(policy, &host, tcp.inner())?;
            match tls {
                None => Ok(MaybeHttpsStream::Http(tcp)),
                Some(tls) => tls.shake(tcp, timeouts.tls).await,
            }
        })
    }
}

impl Handshake {
    async fn shake<T>(
        self,
        below: T,
        limit: std::time::Duration,
    ) -> Result<MaybeHttpsStream<T>, RequestFailure>
    where
        T: hyper::rt::Read + hyper::rt::Write + Unpin,
    {
        let shaking = TlsConnector::from(self.config).connect(self.server, TokioIo::new(below));
        timeout(limit, shaking)
            .await
            .map_err(|_| RequestFailure::Timeout(TimeoutStep::Tls))?
            .map(MaybeHttpsStream::from)
            .map_err(|error| match RequestFailure::from_chain(&error) {
                RequestFailure::Incomplete => {
                    RequestFailure::Tls("closed during the handshake".into())
                }
                failure => failure,
            })
    }
}

/// Denies a connection that reached this machine through one of its own addresses.
fn check_ends(policy: AddressPolicy, host: &str, tcp: &TcpStream) -> Result<(), RequestFailure> {
    let ends = tcp
        .local_addr()
        .and_then(|local| Ok((local, tcp.peer_addr()?)));
    let (local, peer) = ends.map_err(|_| RequestFailure::Terminated)?;
    if policy.allows_connection(host, local.ip(), peer.ip()) {
        Ok(())
    } else {
        Err(RequestFailure::Denied(Rule::Address))
    }
}

/// The error has a private type of the HTTP library.
fn connect_failure(error: &(dyn std::error::Error + 'static)) -> RequestFailure {
    let io = error
        .source()
        .and_then(|cause| cause.downcast_ref::<std::io::Error>());
    if let Some(shortage) = io.and_then(Shortage::of) {
        return RequestFailure::NoDescriptor(shortage);
    }
    match io {
        Some(io) if io.kind() == std::io::ErrorKind::TimedOut => {
            RequestFailure::Timeout(TimeoutStep::Connect)
        }
        Some(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => RequestFailure::Refused,
        Some(io) => RequestFailure::Unreachable(io.to_string()),
        None => RequestFailure::from_chain(error),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A hop whose resolver allows every address, so that only the connection is checked.
    fn hop(policy: AddressPolicy) -> Hop {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new(AddressPolicy::Any));
        tcp.enforce_http(false);
        Hop {
            tcp,
            policy,
            tls: None,
            timeouts: Timeouts::default(),
        }
    }

    /// `0x7f000001` is a name here and an address for the system's resolver.
    #[tokio::test]
    async fn a_connection_to_this_machine_is_closed_before_anything_is_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connect = async |policy, host: &str| {
            let server = format!("http://{host}:{port}").parse().unwrap();
            let link = hop(policy).call(server).await;
            let (stream, _) = listener.accept().await.unwrap();
            (link, stream)
        };
        let (refused, stream) = connect(AddressPolicy::NotLocal, "0x7f000001").await;
        assert_eq!(refused.err(), Some(RequestFailure::Denied(Rule::Address)));
        stream.readable().await.unwrap();
        assert_eq!(stream.try_read(&mut [0; 1]).unwrap(), 0, "only the end");
        for host in ["127.0.0.1", "localhost"] {
            assert!(
                connect(AddressPolicy::NotLocal, host).await.0.is_ok(),
                "{host}"
            );
        }
        assert!(connect(AddressPolicy::Any, "0x7f000001").await.0.is_ok());
    }
}
