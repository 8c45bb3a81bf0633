//! Responses with the key, and encoded responses.

use super::server::{NextStep, Script, Server};
use super::*;

const MASKED: &str = "**********";

fn saying(says: &'static str) -> Script {
    Script {
        says,
        then: NextStep::Closes,
    }
}

#[tokio::test]
async fn the_key_is_masked_in_headers_body_and_trailers() {
    let server = Server::http(saying(
        "HTTP/1.1 200 OK\r\nx-echo: a s3cret-key b\r\ntransfer-encoding: chunked\r\n\r\n\
         5\r\n<s3cr\r\n6\r\net-key\r\n3\r\n>s3\r\n0\r\nx-trailer: s3cret-key\r\n\r\n",
    ))
    .await;
    let way = Way::to(&settings(server.port));
    let response = way.get("/ping").await.unwrap();
    assert_eq!(response.headers()["x-echo"], format!("a {MASKED} b"));
    let mut body = response.into_body();
    let (mut text, mut trailers) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        assert!(trailers.is_none(), "nothing is read after the trailers");
        match frame.unwrap().into_data() {
            Ok(data) => text.extend(data),
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    assert_eq!(trailers.unwrap()["x-trailer"], MASKED);
    assert_eq!(String::from_utf8(text).unwrap(), format!("<{MASKED}>s3"));
}

#[tokio::test]
async fn the_content_length_stays_correct_when_the_key_is_masked() {
    let server = Server::http(saying(
        "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n\"s3cret-key\"",
    ))
    .await;
    let body = Way::to(&settings(server.port)).read("/ping").await;
    assert_eq!(body.unwrap(), format!("\"{MASKED}\""));
}

#[tokio::test]
async fn a_response_with_an_unrequested_encoding_is_rejected() {
    for says in [
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-encoding: br\r\n\r\nx",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    ] {
        let server = Server::http(saying(says)).await;
        let way = Way::to(&settings(server.port));
        let error = way.read("/ping").await.unwrap_err();
        let packed = matches!(error, Error::HttpResponseContentCoding(Some(_)));
        assert!(packed, "{says:?}: {error:?}");
        assert_eq!(way.codes(), ["encoded"]);
    }
    let plain = "HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 1\r\n\r\nx";
    let server = Server::http(saying(plain)).await;
    assert_eq!(
        Way::to(&settings(server.port)).read("/ping").await.unwrap(),
        "x"
    );
}

#[tokio::test]
async fn the_error_about_an_encoding_does_not_show_the_key() {
    let packed = "HTTP/1.1 200 OK\r\ncontent-encoding: s3cret-key\r\n\r\nx";
    let server = Server::http(saying(packed)).await;
    let error = Way::to(&settings(server.port)).read("/ping").await;
    let told = Error::HttpResponseContentCoding(Some(MASKED.to_owned()));
    assert_eq!(format!("{:?}", error.unwrap_err()), format!("{told:?}"));
}
