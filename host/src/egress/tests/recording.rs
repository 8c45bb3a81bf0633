//! Recorded exchanges.

use super::server::{NextStep, OK, Script, Server};
use super::*;
use crate::bundle::{Exchange, FailureKind, RecordedResponse, Replay};

fn body(exchange: &Exchange) -> String {
    let response: &RecordedResponse = exchange.response.as_ref().unwrap();
    String::from_utf8(response.body.0.clone()).unwrap()
}

#[tokio::test]
async fn requests_and_masked_answers_are_recorded_without_the_credential() {
    let server = Server::http(Script {
        says: "HTTP/1.1 200 OK\r\nx-netbackup-api-version: 12.0\r\nx-echo: s3cret-key\r\n\
               content-length: 12\r\n\r\n\"s3cret-key\"",
        then: NextStep::Goes,
    })
    .await;
    let way = Way::to(&settings(server.port));
    let recorder = way.egress.record();
    let read = way.read("/admin/jobs?sort=jobId").await.unwrap();
    let exchanges = recorder.exchanges().unwrap();
    assert_eq!(exchanges.len(), 1);
    let exchange = &exchanges[0];
    assert_eq!(exchange.request.method, "GET");
    assert_eq!(exchange.request.path_and_query, "/admin/jobs?sort=jobId");
    assert_eq!(body(exchange).as_bytes(), read);
    let response = exchange.response.as_ref().unwrap();
    assert_eq!(response.headers.api_version.as_deref(), Some("12.0"));
    assert!(!format!("{exchanges:?}").contains(KEY));
    let replay = Replay::new(exchanges);
    assert!(replay.answer("GET", "/admin/jobs?sort=jobId", b"").is_ok());
}

#[tokio::test]
async fn failures_are_recorded_and_denied_requests_are_not() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n0123456789abcdef";
    let server = Server::http(Script {
        says: cut,
        then: NextStep::Closes,
    })
    .await;
    let way = Way::to(&settings(server.port));
    let recorder = way.egress.record();
    way.read("/ping").await.unwrap_err();
    way.read("/undeclared").await.unwrap_err();
    let exchanges = recorder.exchanges().unwrap();
    assert_eq!(exchanges.len(), 1);
    assert_eq!(exchanges[0].failure, Some(FailureKind::Incomplete));
    // A failed body lacks the bytes that are held back, as it does for the guest.
    assert_eq!(body(&exchanges[0]), "0123456");
}

#[tokio::test]
async fn the_body_of_a_post_is_recorded() {
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    let recorder = way.egress.record();
    let text = http_body_util::Full::new(Bytes::from_static(b"{\"q\":1}"));
    let text = text.map_err(|never| match never {}).boxed_unsync();
    let post = Request::post(way.url(READ_ONLY_POST)).body(text).unwrap();
    way.send(post, None).await.unwrap();
    let exchanges = recorder.exchanges().unwrap();
    assert_eq!(exchanges[0].request.body.0, b"{\"q\":1}");
}

#[tokio::test]
async fn a_bundle_answers_like_the_server_and_an_unknown_request_is_named() {
    let server = Server::http(Script {
        says: "HTTP/1.1 503 Busy\r\ncontent-length: 9\r\nretry-after: 7\r\n\r\npart",
        then: NextStep::Closes,
    })
    .await;
    let way = Way::to(&settings(server.port));
    let recorder = way.egress.record();
    let recorded = way.read("/admin/jobs").await.unwrap_err();
    drop(server);
    let replay = Arc::new(Replay::new(recorder.exchanges().unwrap()));
    let way = Way::replaying(&replay);
    let response = way.get("/admin/jobs").await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "7");
    // The next answer waits until this one is read.
    drop(response);
    let failure = way.read("/admin/jobs").await.unwrap_err();
    assert_eq!(format!("{failure:?}"), format!("{recorded:?}"));
    let missing = way.read("/admin/jobs?x=1").await.unwrap_err();
    let named = "`GET /admin/jobs?x=1` is not in the bundle";
    assert!(format!("{missing:?}").contains(named), "{missing:?}");
    assert_eq!(replay.missing().len(), 1);
    way.read("/undeclared").await.unwrap_err();
    assert_eq!(replay.missing().len(), 1, "the permit applies as well");
}
