//! Servers that are unreachable, slow, too verbose, or close too early.

use super::server::{NextStep, OK, Script, Server};
use super::*;

const SHORT: Duration = Duration::from_millis(40);

const SILENT: Script = Script {
    says: "",
    then: NextStep::Hangs,
};
const HALF: Script = Script {
    says: "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nthe first half of a body",
    then: NextStep::Hangs,
};

#[tokio::test]
async fn a_closed_port_is_a_refused_connection() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    drop(server);
    let way = Way::to(&settings(port));
    assert!(matches!(
        way.get("/ping").await,
        Err(Error::ConnectionRefused)
    ));
    assert_eq!(way.codes(), ["refused"]);
}

#[tokio::test]
async fn a_name_without_an_address_is_a_dns_error() {
    // Longer than a DNS label may be, so no resolver sends a query.
    let mut settings = settings(80);
    settings.origin.host = "n".repeat(64);
    let way = Way::to(&settings);
    let error = way.get("/ping").await.unwrap_err();
    assert!(matches!(error, Error::DnsError { .. }), "{error:?}");
    assert_eq!(way.codes(), ["dns"]);
}

#[tokio::test]
async fn a_server_that_does_not_answer_times_out() {
    let server = Server::http(SILENT).await;
    let mut settings = settings(server.port);
    settings.timeouts.first_byte = SHORT;
    let way = Way::to(&settings);
    assert!(matches!(
        way.get("/ping").await,
        Err(Error::HttpResponseTimeout)
    ));
    assert_eq!(way.codes(), ["timeout"]);
}

#[tokio::test]
async fn a_guest_can_set_shorter_timeouts_than_the_site() {
    let server = Server::http(SILENT).await;
    let way = Way::to(&settings(server.port));
    let uri = way.url("/ping");
    let options = RequestOptions {
        first_byte_timeout: Some(SHORT),
        ..Default::default()
    };
    let answer = way.send(request(&uri), Some(options)).await;
    assert!(matches!(answer, Err(Error::HttpResponseTimeout)));
}

#[tokio::test]
async fn a_body_that_stalls_times_out() {
    let server = Server::http(HALF).await;
    let mut settings = settings(server.port);
    settings.timeouts.between_bytes = SHORT;
    let way = Way::to(&settings);
    let mut body = way.get("/ping").await.unwrap().into_body();
    // Without its end, which may be the beginning of the key.
    let first = body.frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "the first half ");
    assert!(matches!(
        body.frame().await,
        Some(Err(Error::ConnectionReadTimeout))
    ));
    assert!(body.frame().await.is_none(), "a failed body has ended");
    drop(body);
    assert_eq!(way.codes(), ["timeout"]);
}

#[tokio::test]
async fn the_whole_request_has_a_limit_too() {
    for script in [SILENT, HALF] {
        let server = Server::http(script).await;
        let mut settings = settings(server.port);
        settings.timeouts.total = SHORT;
        let error = Way::to(&settings).read("/ping").await.unwrap_err();
        assert!(matches!(error, Error::HttpResponseTimeout), "{error:?}");
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_rejected_with_or_without_a_length() {
    let sized = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for says in [sized, chunked] {
        let server = Server::http(Script {
            says,
            then: NextStep::Goes,
        })
        .await;
        let mut settings = settings(server.port);
        settings.limits.response_bytes = 5;
        assert_eq!(Way::to(&settings).read("/ping").await.unwrap(), "abcde");

        settings.limits.response_bytes = 4;
        let way = Way::to(&settings);
        let error = way.read("/ping").await.unwrap_err();
        assert!(
            matches!(error, Error::HttpResponseBodySize(Some(4))),
            "{error:?}"
        );
        assert_eq!(way.codes(), ["too_large"]);
    }
}

#[tokio::test]
async fn an_answer_cut_short_is_incomplete() {
    let nothing = "";
    let head = "HTTP/1.1 200 OK\r\ncontent-le";
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
    let chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf";
    for says in [nothing, head, half, chunk] {
        let server = Server::http(Script {
            says,
            then: NextStep::Closes,
        })
        .await;
        let way = Way::to(&settings(server.port));
        let error = way.read("/ping").await.unwrap_err();
        assert!(
            matches!(error, Error::HttpResponseIncomplete),
            "{says:?}: {error:?}"
        );
        assert_eq!(way.codes(), ["closed"]);
    }
}

#[tokio::test]
async fn an_invalid_http_response_is_a_protocol_error() {
    let server = Server::http(Script {
        says: "SSH-2.0-x\r\n\r\n",
        then: NextStep::Closes,
    })
    .await;
    let way = Way::to(&settings(server.port));
    assert!(matches!(
        way.get("/ping").await,
        Err(Error::HttpProtocolError)
    ));
    assert_eq!(way.codes(), ["malformed"]);
}

#[tokio::test]
async fn an_abandoned_request_is_counted_as_canceled() {
    let server = Server::http(SILENT).await;
    let way = Way::to(&settings(server.port));
    tokio::select! {
        answer = way.get("/ping") => panic!("{answer:?}"),
        () = server.asked() => {}
    }
    assert_eq!(way.codes(), ["canceled"]);
}

#[tokio::test]
async fn no_debug_output_contains_the_key() {
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    let text = format!("{:?} {:?}", way.egress, way.egress.settings);
    assert!(!text.contains(KEY), "{text}");
}
