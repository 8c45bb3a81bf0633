//! Which requests are allowed, and their headers.

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::Full;

use super::server::{NextStep, OK, Script, Server};
use super::*;

#[tokio::test]
async fn the_host_adds_the_headers_that_the_guest_must_not_know() {
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    assert_eq!(way.read("/netbackup/ping?a=b").await.unwrap(), "ok");

    let head = server.heads().remove(0);
    assert!(
        head.starts_with("get /netbackup/ping?a=b http/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nauthorization: s3cret-key\r\n"), "{head}");
    assert!(head.contains("\r\nuser-agent: nbu_exporter/"), "{head}");
    assert!(head.contains("\r\nx-request-id: "), "{head}");
    assert!(
        head.contains(&format!("\r\nhost: 127.0.0.1:{}\r\n", server.port)),
        "{head}"
    );
    assert_eq!(way.codes(), ["200"]);
    assert_eq!(*way.notes.bytes.lock().unwrap(), 2);
}

#[tokio::test]
async fn the_guests_request_id_is_kept_and_its_name_is_not() {
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    let mut request = request(&way.url("/ping"));
    request
        .headers_mut()
        .insert("x-request-id", HeaderValue::from_static("7"));
    request
        .headers_mut()
        .insert(header::USER_AGENT, HeaderValue::from_static("probe"));
    way.send(request, None).await.unwrap();

    let head = server.heads().remove(0);
    assert!(head.contains("\r\nx-request-id: 7\r\n"), "{head}");
    assert!(head.contains("\r\nuser-agent: nbu_exporter/"), "{head}");
    assert!(!head.contains("probe"), "{head}");
    assert_eq!(*way.notes.headers_removed.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_guest_cannot_send_other_credentials() {
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    let names = [
        header::AUTHORIZATION,
        header::COOKIE,
        HeaderName::from_static("proxy-anything"),
        header::HOST,
    ];
    let forbidden = way.hooks.lock().unwrap().forbidden_header_filter();
    assert!(names.iter().all(|name| forbidden(name)));
    assert!(!forbidden(&header::ACCEPT));
    assert_eq!(way.denied(), ["credential"; 4], "each try is counted");

    for name in &names {
        let mut request = request(&way.url("/ping"));
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static("me"));
        assert!(matches!(
            way.send(request, None).await,
            Err(Error::HttpRequestDenied)
        ));
    }
    assert_eq!(way.denied(), ["credential"; 8]);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn no_request_goes_to_another_destination() {
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    let port = server.port;
    for uri in [
        format!("https://127.0.0.1:{port}/ping"),
        format!("http://localhost:{port}/ping"),
        "http://127.0.0.1/ping".to_owned(),
        format!("http://me@127.0.0.1:{port}/ping"),
        way.url("/admin/../ping"),
        way.url("/admin/users"),
    ] {
        let denied = way.send(request(&uri), None).await;
        assert!(matches!(denied, Err(Error::HttpRequestDenied)), "{uri}");
    }
    for (method, path) in [(Method::DELETE, "/ping"), (Method::POST, "/admin/jobs")] {
        let mut other = request(&way.url(path));
        *other.method_mut() = method;
        let denied = way.send(other, None).await;
        assert!(matches!(denied, Err(Error::HttpRequestDenied)));
    }
    let expected = [
        "scheme",
        "host",
        "port",
        "userinfo",
        "path",
        "undeclared",
        "method",
        "method",
    ];
    assert_eq!(way.denied(), expected);
    assert_eq!(server.connections(), 0);
    assert!(
        way.codes().is_empty(),
        "what never left is not counted as a request"
    );
}

#[tokio::test]
async fn a_posted_body_arrives() {
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    // Ends like a head, so that the server records it.
    let body = Full::from("{}\r\n\r\n")
        .map_err(|never| match never {})
        .boxed_unsync();
    let count = way.url("/admin/jobs-count-requests");
    let (mut parts, _) = request(&count).into_parts();
    parts.method = Method::POST;
    let answer = way.send(Request::from_parts(parts, body), None).await;
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
    while server.heads().len() < 2 {
        server.asked().await;
    }
    assert!(server.heads()[0].starts_with("post /admin/jobs-count-requests http/1.1\r\n"));
    assert_eq!(server.heads()[1], "{}\r\n\r\n");
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let says = "HTTP/1.1 302 Found\r\nlocation: /else\r\ncontent-length: 0\r\n\r\n";
    let server = Server::http(Script {
        says,
        then: NextStep::Goes,
    })
    .await;
    let way = Way::to(&settings(server.port));
    let response = way.get("/ping").await.unwrap();
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!(response.headers()[header::LOCATION], "/else");
    assert_eq!(server.heads().len(), 1);
}

#[tokio::test]
async fn a_guest_does_not_see_credentials_in_an_answer() {
    let says = "HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nset-cookie: c=d\r\nauthorization: x\r\n\
                proxy-authenticate: y\r\netag: z\r\ncontent-length: 0\r\n\r\n";
    let server = Server::http(Script {
        says,
        then: NextStep::Goes,
    })
    .await;
    let response = Way::to(&settings(server.port)).get("/ping").await.unwrap();
    let mut names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-length", "etag"]);
}
