//! A server that always sends the same bytes: the upper bound for scrapes. It uses
//! the same library, runtime and socket options as the exporter.

use std::convert::Infallible;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use crate::child;

/// In the child process: serves the given file until it is killed.
pub(crate) async fn serve(arguments: &[String]) {
    let bytes = Bytes::from(std::fs::read(&arguments[0]).unwrap());
    let listener = child::listen().await;
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let bytes = bytes.clone();
        let service = service_fn(move |_| {
            let body = Full::new(bytes.clone());
            async move { Ok::<_, Infallible>(Response::new(body)) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
