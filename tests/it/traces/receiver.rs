//! A receiver of OTLP over HTTP or gRPC.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tests::eventually;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const GRPC: &str = "application/grpc";
/// The method that gRPC calls, as a path.
const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

#[derive(Default)]
struct Received {
    spans: Mutex<Vec<Span>>,
    bytes: Mutex<Vec<u8>>,
}

/// A running receiver; stopped on drop.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Arc<Received>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        Self::at("127.0.0.1:0".parse().unwrap()).await
    }

    /// Serves both protocols: a request says by its type which one it is.
    pub(crate) async fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::<Received>::default();
        let kept = Arc::clone(&received);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let received = Arc::clone(&kept);
                let service = service_fn(move |request| answer(request, Arc::clone(&received)));
                tokio::spawn(async move {
                    let mut first = [0; 3];
                    let _ = stream.peek(&mut first).await;
                    let stream = TokioIo::new(stream);
                    // The preface of HTTP/2 begins so.
                    if &first == b"PRI" {
                        let server = http2::Builder::new(TokioExecutor::new());
                        drop(server.serve_connection(stream, service).await);
                    } else {
                        let server = http1::Builder::new();
                        drop(server.serve_connection(stream, service).await);
                    }
                });
            }
        });
        Self {
            address,
            received,
            task,
        }
    }

    pub(crate) fn grpc(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        self.received.spans.lock().unwrap().clone()
    }

    /// Every byte of the messages.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.received.bytes.lock().unwrap().clone()
    }

    pub(crate) fn named(&self, name: &str) -> Vec<Span> {
        let mut spans = self.spans();
        spans.retain(|span| span.name == name);
        spans
    }

    pub(crate) async fn wait_for(&self, name: &str) -> Span {
        let received = async || !self.named(name).is_empty();
        eventually(&format!("a span `{name}`"), received).await;
        self.named(name).remove(0)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    request: Request<Incoming>,
    received: Arc<Received>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let is_grpc = head.headers["content-type"] == GRPC;
    // gRPC writes a flag and the length before a message.
    let message = if is_grpc { &body[5..] } else { &body[..] };
    let expected = if is_grpc { EXPORT } else { "/v1/traces" };
    assert_eq!(head.uri.path(), expected);
    let request = ExportTraceServiceRequest::decode(message).unwrap();
    let resources = request.resource_spans.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    let spans = scopes.flat_map(|scope| scope.spans);
    received.spans.lock().unwrap().extend(spans);
    received.bytes.lock().unwrap().extend(message);
    let mut response = Response::new(Full::default().boxed());
    if is_grpc {
        let trailers = HeaderMap::from_iter([(
            http::HeaderName::from_static("grpc-status"),
            HeaderValue::from_static("0"),
        )]);
        let body = Full::from(&[0; 5][..]).with_trailers(async { Some(Ok(trailers)) });
        *response.body_mut() = body.boxed();
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static(GRPC));
    }
    Ok(response)
}

/// An attribute as text; empty if it is missing.
pub(crate) fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|it| it.key == key);
    match found.and_then(|it| it.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        _ => String::new(),
    }
}
