//! Guests that try request smuggling.

use http::{HeaderName, HeaderValue, Method};
use http_body_util::{Full, StreamBody};

use super::server::{OK, Server};
use super::*;

/// A body that a server in front of NetBackup would read as the next request.
const SMUGGLED: &str = "DELETE /netbackup/admin/jobs/1 HTTP/1.1\r\nhost: nbu\r\n\r\n";

fn posing(way: &Way, method: Method, path: &str, headers: &[(&str, &str)]) -> Request<WasiBody> {
    let mut request = request(&way.url(path));
    *request.method_mut() = method;
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).unwrap();
        let value = HeaderValue::try_from(*value).unwrap();
        request.headers_mut().append(name, value);
    }
    request
}

fn whole() -> WasiBody {
    Full::from(SMUGGLED)
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A body of unknown length.
fn pieces() -> WasiBody {
    let (one, two) = SMUGGLED.split_at(20);
    let pieces = [one, two].map(|piece| Ok(http_body::Frame::data(Bytes::from(piece))));
    StreamBody::new(futures::stream::iter(pieces)).boxed_unsync()
}

#[tokio::test]
async fn the_body_of_a_get_is_not_sent() {
    let length = SMUGGLED.len().to_string();
    for framing in [
        &[][..],
        &[("content-length", length.as_str())],
        &[("content-length", "0")],
        &[("transfer-encoding", "chunked")],
        &[("transfer-encoding", "identity"), ("connection", "close")],
        &[("expect", "100-continue"), ("upgrade", "h2c")],
    ] {
        for body in [whole, pieces] {
            let server = Server::http(OK).await;
            let way = Way::to(&settings(server.port));
            let request = posing(&way, Method::GET, "/ping", framing).map(|_| body());
            let answer = way.send(request, None).await.unwrap();
            assert!(answer.into_body().collect().await.is_ok());
            assert_eq!(way.read("/ping?next").await.unwrap(), "ok");
            let heads = server.heads();
            let asked: Vec<_> = heads
                .iter()
                .map(|head| head.lines().next().unwrap())
                .collect();
            let both = ["get /ping http/1.1", "get /ping?next http/1.1"];
            assert_eq!(asked, both, "{framing:?}");
            assert_eq!(server.connections(), 1, "{framing:?}");
        }
    }
}

#[tokio::test]
async fn the_host_writes_the_request_head_regardless_of_the_guests_headers() {
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    let all = [
        ("accept", "application/json"),
        ("x-request-id", "7"),
        ("content-type", "text/plain"),
        ("content-length", "54"),
        ("transfer-encoding", "chunked"),
        ("x-original-url", "/netbackup/admin/users"),
        ("x-rewrite-url", "/netbackup/admin/users"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "elsewhere"),
        ("forwarded", "for=127.0.0.1"),
        ("x-http-method-override", "DELETE"),
        ("accept-encoding", "gzip"),
        ("user-agent", "curl"),
    ];
    let request = posing(&way, Method::GET, "/ping", &all).map(|_| whole());
    way.send(request, None).await.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let port = server.port;
    let expected = [
        "get /ping http/1.1".to_owned(),
        "accept: application/json".to_owned(),
        "x-request-id: 7".to_owned(),
        "authorization: s3cret-key".to_owned(),
        format!("user-agent: nbu_exporter/{version}"),
        format!("host: 127.0.0.1:{port}"),
    ];
    let mut lines: Vec<_> = server.heads()[0].lines().map(str::to_owned).collect();
    assert_eq!(lines.pop().unwrap(), "", "the end of the head");
    assert_eq!(lines, expected);
    assert_eq!(*way.notes.headers_removed.lock().unwrap(), 11);
    assert!(way.denied().is_empty());
}

#[tokio::test]
async fn the_host_sets_the_content_length_of_a_post() {
    let count = "/admin/jobs-count-requests";
    let length = SMUGGLED.len().to_string();
    for framing in [
        &[][..],
        &[("content-length", length.as_str())],
        &[("content-length", "1")],
        &[("transfer-encoding", "chunked"), ("trailer", "x")],
    ] {
        for (body, length) in [
            (whole as fn() -> _, SMUGGLED.len()),
            (pieces, SMUGGLED.len()),
        ] {
            let server = Server::http(OK).await;
            let way = Way::to(&settings(server.port));
            let request = posing(&way, Method::POST, count, framing).map(|_| body());
            way.send(request, None).await.unwrap();
            let head = server.heads().remove(0);
            let counted = format!("\r\ncontent-length: {length}\r\n");
            assert_eq!(head.matches("content-length").count(), 1, "{head}");
            assert!(head.contains(&counted), "{framing:?}: {head}");
            assert!(!head.contains("transfer-encoding"), "{head}");
        }
    }
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    let empty = posing(&way, Method::POST, count, &[]);
    way.send(empty, None).await.unwrap();
    let head = server.heads().remove(0);
    assert!(head.contains("\r\ncontent-length: 0\r\n"), "{head}");
}

/// The timeout of the whole request includes the body.
#[tokio::test]
async fn an_endless_request_body_is_stopped_at_the_deadline() {
    let server = Server::http(OK).await;
    let mut settings = settings(server.port);
    settings.timeouts.total = Duration::from_millis(40);
    let way = Way::to(&settings);
    let count = posing(&way, Method::POST, "/admin/jobs-count-requests", &[]);
    let endless = count.map(|_| StreamBody::new(futures::stream::pending()).boxed_unsync());
    let error = way.send(endless, None).await.unwrap_err();
    assert!(matches!(error, Error::HttpResponseTimeout), "{error:?}");
    assert_eq!(server.connections(), 0);
    assert_eq!(way.codes(), ["timeout"]);
}
