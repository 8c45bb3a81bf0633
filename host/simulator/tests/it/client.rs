//! A client of a simulator, with one connection for each request.

use std::sync::Arc;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use simulator::{Options, Simulator};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(crate) const KEY: &str = "a-key";

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// `data[].id` of a list.
    pub(crate) fn ids(&self) -> Vec<String> {
        let json = self.json();
        let rows = json["data"].as_array().unwrap();
        rows.iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub(crate) async fn start(options: Options) -> Simulator {
    Simulator::start(Options {
        api_key: KEY.to_owned(),
        ..options
    })
    .await
    .unwrap()
}

/// A request that a server of any release accepts.
pub(crate) fn get(path: &str) -> Request<Full<hyper::body::Bytes>> {
    request_with(path, KEY, "application/vnd.netbackup+json;version=10.0")
}

pub(crate) fn request_with(
    path: &str,
    key: &str,
    accept: &str,
) -> Request<Full<hyper::body::Bytes>> {
    Request::get(format!("/netbackup{path}"))
        .header(header::HOST, "primary.example")
        .header(header::AUTHORIZATION, key)
        .header(header::ACCEPT, accept)
        .body(Full::default())
        .unwrap()
}

/// Sends a request and reads the complete answer. The error says which step failed.
pub(crate) async fn send(
    simulator: &Simulator,
    request: Request<Full<hyper::body::Bytes>>,
) -> Result<Reply, String> {
    let stream = TcpStream::connect(simulator.address())
        .await
        .map_err(|e| e.to_string())?;
    let Some(pem) = simulator.ca_pem() else {
        return exchange(stream, request).await;
    };
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await;
    exchange(stream.map_err(|e| e.to_string())?, request).await
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<hyper::body::Bytes>>,
) -> Result<Reply, String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|e| e.to_string())?;
    let connection = tokio::spawn(connection);
    let response = sender
        .send_request(request)
        .await
        .map_err(|_| "no answer".to_owned())?;
    let (head, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .map_err(|_| format!("{} and a broken body", head.status))?;
    connection.abort();
    Ok(Reply {
        status: head.status,
        headers: head.headers,
        body: body.to_bytes().to_vec(),
    })
}
