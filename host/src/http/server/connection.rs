//! One connection, from the handshake to its end.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::debug;

use super::clients::ConnectionSlot;
use super::connection_state::ConnectionState;
use super::stream::ClientStream;
use crate::http::answer::answer;
use crate::http::state::ServerState;

/// Largest request head; a larger one is answered with 431.
const MAX_HEAD: usize = 32 << 10;

/// A connection and the state that its requests are answered from.
pub(super) struct Connection {
    pub(super) slot: ConnectionSlot,
    pub(super) state: Arc<ServerState>,
    pub(super) watcher: Watcher,
}

impl Connection {
    /// Serves requests until the client closes or is evicted.
    pub(super) async fn serve(self, tcp: TcpStream) {
        let Self {
            slot,
            state,
            watcher,
        } = self;
        let client = &slot.client;
        let serving = serve_http(tcp, Arc::clone(client), state, watcher);
        tokio::select! {
            ended = serving => {
                if let Err(error) = ended {
                    debug!(%error, "Connection ended early");
                }
            }
            () = client.eviction() => debug!("Connection closed to make room"),
        }
    }
}

/// Uses TLS if it is configured at this time.
async fn serve_http(
    tcp: TcpStream,
    client: Arc<ConnectionState>,
    state: Arc<ServerState>,
    watcher: Watcher,
) -> io::Result<()> {
    let limits = **state.limits.load();
    let tls = state.web.load().tls.as_ref().map(|tls| tls.acceptor());
    let stream = ClientStream::new(tcp, Arc::clone(&client), limits.write);
    match tls {
        None => serve_requests(stream, client, state, limits.read, watcher).await,
        Some(tls) => {
            let stream = timeout(limits.read, handshake(tls, stream)).await??;
            serve_requests(stream, client, state, limits.read, watcher).await
        }
    }
}

/// Sends the TLS alert to a rejected client before the connection is closed.
async fn handshake(tls: TlsAcceptor, stream: ClientStream) -> io::Result<TlsStream<ClientStream>> {
    match tls.accept(stream).into_fallible().await {
        Ok(stream) => Ok(stream),
        Err((error, mut stream)) => {
            let _ = stream.shutdown().await;
            Err(error)
        }
    }
}

/// HTTP/1.1. Request bodies are not read: a short one is ignored, and a longer one
/// ends the connection after the response.
async fn serve_requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    client: Arc<ConnectionState>,
    state: Arc<ServerState>,
    read_timeout: Duration,
    watcher: Watcher,
) -> io::Result<()> {
    let service = service_fn(move |request: Request<Incoming>| {
        let (client, state) = (Arc::clone(&client), Arc::clone(&state));
        async move {
            client.request_started();
            let (request, _) = request.into_parts();
            let response = answer(&state, client.peer(), &request).await;
            client.response_started();
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(read_timeout)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    watcher.watch(connection).await.map_err(io::Error::other)
}
