//! OTLP over gRPC and HTTP.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::header::CONTENT_TYPE;
use http::{Request, Uri};
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{self as otlp, ResourceSpans, ScopeSpans};
use prost::Message as _;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tonic::transport::{Channel, Endpoint};

use super::delivery::{REQUEST, SpanReceiver};
use super::settings::ReceiverAddress;
use super::span::{SpanName, SpanRecord, SpanValue};

/// The sampled flag of a span.
const SAMPLED: u32 = 1;

/// Prepares a client; nothing is connected yet. Its one connection is in the share of
/// descriptors for files.
pub(super) fn connect(address: &ReceiverAddress) -> Result<Box<dyn SpanReceiver>, String> {
    Ok(match address {
        ReceiverAddress::Grpc(uri) => {
            let connector = connector(uri, &[b"h2"])?;
            let channel = Endpoint::from(uri.clone()).connect_with_connector_lazy(connector);
            Box::new(TraceServiceClient::new(channel))
        }
        ReceiverAddress::Http(uri) => Box::new(HttpReceiver {
            client: legacy::Client::builder(TokioExecutor::new()).build(connector(uri, &[])?),
            uri: uri.clone(),
        }),
    })
}

/// Connects with the authorities of the system. They take a while to read, so only if the
/// address needs them.
fn connector(uri: &Uri, protocols: &[&[u8]]) -> Result<HttpsConnector<HttpConnector>, String> {
    let mut roots = RootCertStore::empty();
    if uri.scheme_str() == Some("https") {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(REQUEST));
    Ok(HttpsConnector::from((tcp, tls)))
}

impl SpanReceiver for TraceServiceClient<Channel> {
    fn send(&self, spans: Vec<SpanRecord>) -> BoxFuture<'_, Result<(), String>> {
        let mut client = self.clone();
        async move {
            let sent = client.export(request(spans)).await;
            sent.map(|_| ())
                .map_err(|status| chain(status.message(), status.source()))
        }
        .boxed()
    }
}

struct HttpReceiver {
    client: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
}

impl SpanReceiver for HttpReceiver {
    fn send(&self, spans: Vec<SpanRecord>) -> BoxFuture<'_, Result<(), String>> {
        let request = Request::post(self.uri.clone())
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(Full::from(request(spans).encode_to_vec()));
        async move {
            let request = request.map_err(|error| error.to_string())?;
            let response = self.client.request(request).await;
            let response = response.map_err(|error| chain(&error.to_string(), error.source()))?;
            match response.status() {
                status if status.is_success() => Ok(()),
                status => Err(format!("the receiver answered {status}")),
            }
        }
        .boxed()
    }
}

/// An error and its causes: libraries print only the outermost.
fn chain(error: &str, mut source: Option<&dyn Error>) -> String {
    let mut text = error.to_owned();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

fn request(spans: Vec<SpanRecord>) -> ExportTraceServiceRequest {
    let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let resource = Resource {
        attributes: vec![
            attribute(("service.name", name.into())),
            attribute(("service.version", version.into())),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope {
        name: name.to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans: spans.into_iter().map(span).collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

fn span(record: SpanRecord) -> otlp::Span {
    let kind = match record.name {
        SpanName::Request => otlp::span::SpanKind::Client,
        SpanName::Page => otlp::span::SpanKind::Server,
        _ => otlp::span::SpanKind::Internal,
    };
    let parent = record.parent.map(|id| id.to_be_bytes().to_vec());
    let status = record.failed.then(|| otlp::Status {
        code: StatusCode::Error.into(),
        ..otlp::Status::default()
    });
    otlp::Span {
        trace_id: record.trace.to_be_bytes().to_vec(),
        span_id: record.id.to_be_bytes().to_vec(),
        parent_span_id: parent.unwrap_or_default(),
        flags: SAMPLED,
        name: record.name.as_str().to_owned(),
        kind: kind.into(),
        start_time_unix_nano: nanoseconds(record.began),
        end_time_unix_nano: nanoseconds(record.began + record.took),
        attributes: record.attributes.into_iter().map(attribute).collect(),
        status,
        ..otlp::Span::default()
    }
}

fn attribute((key, value): (&'static str, SpanValue)) -> KeyValue {
    let value = match value {
        SpanValue::Text(text) => any_value::Value::StringValue(text),
        SpanValue::Number(number) => any_value::Value::IntValue(number),
    };
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// A clock set before the epoch counts as the epoch.
fn nanoseconds(time: SystemTime) -> u64 {
    let since: Duration = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
