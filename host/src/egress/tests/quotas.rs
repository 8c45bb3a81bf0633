//! Limits on requests and collections, and the addresses of names.

use http::{HeaderName, HeaderValue, Method};
use http_body_util::{Full, StreamBody};

use super::server::{NextStep, OK, Script, Server};
use super::*;

fn denied<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::HttpRequestDenied))
}

#[tokio::test]
async fn the_length_of_a_url_is_limited() {
    let server = Server::http(OK).await;
    let mut settings = settings(server.port);
    let url = format!("http://127.0.0.1:{}/ping?a", server.port);
    settings.limits.url_bytes = url.len() as u64;
    let way = Way::to(&settings);
    assert_eq!(way.read("/ping?a").await.unwrap(), "ok");
    let error = way.read("/ping?ab").await.unwrap_err();
    assert!(matches!(error, Error::HttpRequestUriTooLong), "{error:?}");
    assert_eq!(way.denied(), ["url"]);
}

#[tokio::test]
async fn headers_are_limited_in_number_and_size() {
    let server = Server::http(OK).await;
    let mut settings = settings(server.port);
    settings.limits.request_headers = 3;
    settings.limits.request_header_bytes = 40;
    let way = Way::to(&settings);
    for (count, size, fits) in [(3, 1, true), (4, 1, false), (1, 50, false)] {
        let mut asked = request(&way.url("/ping"));
        for n in 0..count {
            let name = HeaderName::try_from(format!("x-{n}")).unwrap();
            let value = HeaderValue::try_from("v".repeat(size)).unwrap();
            asked.headers_mut().insert(name, value);
        }
        let answer = way.send(asked, None).await;
        assert_eq!(answer.is_ok(), fits, "{count} headers of {size}");
    }
    assert_eq!(way.denied(), ["headers"; 2]);
    assert_eq!(server.heads().len(), 1);
}

#[tokio::test]
async fn a_request_body_is_limited_with_or_without_a_length() {
    let server = Server::http(Script {
        says: "",
        then: NextStep::Hangs,
    })
    .await;
    let mut settings = settings(server.port);
    settings.limits.request_bytes = 4;
    let way = Way::to(&settings);
    let sized = Full::from("12345")
        .map_err(|never| match never {})
        .boxed_unsync();
    let pieces = ["123", "45"].map(|piece| Ok(http_body::Frame::data(Bytes::from(piece))));
    let unsized_ = StreamBody::new(futures::stream::iter(pieces)).boxed_unsync();
    for body in [sized, unsized_] {
        let (mut head, _) = request(&way.url("/admin/jobs-count-requests")).into_parts();
        head.method = Method::POST;
        let answer = way.send(Request::from_parts(head, body), None).await;
        let error = answer.unwrap_err();
        assert!(
            matches!(error, Error::HttpRequestBodySize(None)),
            "{error:?}"
        );
    }
    assert_eq!(way.denied(), ["body"; 2]);
}

#[tokio::test]
async fn the_requests_of_each_collection_are_limited_separately() {
    let server = Server::http(OK).await;
    let mut settings = settings(server.port);
    settings.limits.requests = 2;
    let way = Way::to(&settings);
    // Requests that are denied for another reason count too.
    assert!(denied(&way.read("/admin/users").await));
    assert!(way.read("/ping").await.is_ok());
    assert!(denied(&way.read("/ping").await));
    assert_eq!(way.denied(), ["undeclared", "requests"]);
    let permit = Arc::new(Permit::new("guest", []));
    *way.hooks.lock().unwrap() = way.egress.hooks(permit, MemoryBudget::new(64 << 20));
    assert!(way.read("/ping").await.is_ok());
}

#[tokio::test]
async fn the_bytes_of_a_collection_are_limited() {
    let server = Server::http(OK).await;
    let mut settings = settings(server.port);
    settings.limits.bytes = 5;
    let way = Way::to(&settings);
    assert!(way.read("/ping").await.is_ok());
    assert!(way.read("/ping").await.is_ok());
    assert!(denied(&way.read("/ping").await));
    assert_eq!(way.denied(), ["bytes"]);
    assert_eq!(way.codes(), ["200", "200", "denied"]);
}

#[tokio::test]
async fn concurrent_requests_are_limited_until_their_bodies_are_dropped() {
    let server = Server::http(OK).await;
    let mut settings = settings(server.port);
    settings.limits.concurrent = 2;
    let way = Way::to(&settings);
    let (one, two) = (
        way.get("/ping").await.unwrap(),
        way.get("/ping").await.unwrap(),
    );
    let error = way.get("/ping").await.unwrap_err();
    assert!(matches!(error, Error::ConnectionLimitReached), "{error:?}");
    drop((one, two));
    assert!(way.read("/ping").await.is_ok());
    assert_eq!(way.denied(), ["concurrency"]);
}

#[tokio::test]
async fn the_size_of_a_response_head_is_limited() {
    let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(9000));
    let script = Script {
        says: head.leak(),
        then: NextStep::Closes,
    };
    let server = Server::http(script).await;
    let mut settings = settings(server.port);
    assert!(Way::to(&settings).get("/ping").await.is_ok());
    settings.limits.response_header_bytes = 8 << 10;
    let way = Way::to(&settings);
    let error = way.get("/ping").await.unwrap_err();
    assert!(
        matches!(error, Error::HttpResponseHeaderSectionSize(_)),
        "{error:?}"
    );
    assert_eq!(way.codes(), ["too_large"]);
}

/// `0x7f000001` is a name here, and 127.0.0.1 for the system's resolver: a name of this
/// machine without a DNS server.
#[tokio::test]
async fn a_name_that_resolves_to_this_machine_is_rejected() {
    let server = Server::http(OK).await;
    let mut settings = settings(server.port);
    settings.origin.host = "0x7f000001".into();
    let way = Way::to(&settings);
    let error = way.read("/ping").await.unwrap_err();
    assert!(matches!(error, Error::DestinationIpProhibited), "{error:?}");
    assert_eq!(way.denied(), ["address"]);
    assert_eq!(server.connections(), 0);

    settings.allow_local_addresses = true;
    assert_eq!(Way::to(&settings).read("/ping").await.unwrap(), "ok");
    settings.allow_local_addresses = false;
    settings.origin.host = "localhost".into();
    assert_eq!(Way::to(&settings).read("/ping").await.unwrap(), "ok");
}
