//! Proxies: what they receive, and what they must not see.

use http::Uri;

use super::server::{NextStep, OK, Script, Server};
use super::trust::{Estate, estate, https};
use super::*;

/// A proxy for any site.
pub(in crate::egress) fn proxy(text: &str) -> Option<Proxy> {
    let proxies = Proxies {
        all: text,
        ..Proxies::default()
    };
    proxies.proxy_for(&Uri::from_static("https://nbu1:1556"))
}

#[tokio::test]
async fn a_proxy_of_a_plain_http_site_receives_the_whole_url() {
    let server = Server::http(OK).await;
    let mut settings = settings(80);
    settings.origin.host = "nbu1.invalid".into();
    settings.proxy = proxy(&format!("http://me:pw@127.0.0.1:{}", server.port));
    let way = Way::to(&settings);
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
    let head = server.heads().remove(0);
    assert!(
        head.starts_with("get http://nbu1.invalid:80/ping http/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nproxy-authorization: basic "), "{head}");
    assert!(head.contains("\r\nhost: nbu1.invalid"), "{head}");
}

/// An error page often quotes the request that it could not pass on.
#[tokio::test]
async fn the_page_of_a_proxy_shows_neither_its_password_nor_the_key() {
    // RFC 7617: `me:correct-horse` in base 64.
    const SENT: &str = "bWU6Y29ycmVjdC1ob3JzZQ==";
    let says = "HTTP/1.1 503 bWU6Y29ycmVjdC1ob3JzZQ==\r\nx-sent: Basic bWU6Y29ycmVjdC1ob3JzZQ==\r\n\r\n\
                Basic bWU6Y29ycmVjdC1ob3JzZQ== of me:correct-horse, s3cret-key";
    let then = NextStep::Closes;
    let server = Server::http(Script { says, then }).await;
    let mut settings = settings(80);
    settings.origin.host = "nbu1.invalid".into();
    settings.proxy = proxy(&format!(
        "http://me:correct-horse@127.0.0.1:{}",
        server.port
    ));
    let response = Way::to(&settings).get("/ping").await.unwrap();
    assert!(
        server.heads()[0].contains(&SENT.to_lowercase()),
        "it was sent"
    );
    let [sent, password, key] = [SENT.len(), 13, KEY.len()].map(|length| "*".repeat(length));
    assert_eq!(response.headers()["x-sent"], format!("Basic {sent}"));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, format!("Basic {sent} of me:{password}, {key}"));
}

/// A proxy's response to CONNECT is neither logged nor shown to a guest.
#[tokio::test]
async fn a_proxy_that_refuses_to_connect_is_not_quoted() {
    let says = "HTTP/1.1 407 correct-horse\r\nx-sent: correct-horse\r\n\r\ncorrect-horse";
    let then = NextStep::Closes;
    let server = Server::http(Script { says, then }).await;
    let mut settings = https(1556, vec![estate("nbu1").authority]);
    settings.proxy = proxy(&format!(
        "http://me:correct-horse@127.0.0.1:{}",
        server.port
    ));
    let error = Way::to(&settings).get("/ping").await.unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("proxy authorization required"), "{text}");
    assert!(!text.contains("horse"), "{text}");
}

#[tokio::test]
async fn a_proxy_of_an_https_site_receives_only_the_connect_request() {
    let Estate {
        authority,
        acceptor,
    } = estate("nbu1.invalid");
    let site = Server::https(OK, acceptor).await;
    let server = Server::tunnel("HTTP/1.1 200 Go on\r\n\r\n", site.port, None).await;
    let mut settings = https(1556, vec![authority]);
    settings.origin.host = "nbu1.invalid".into();
    settings.proxy = proxy(&format!("http://me:pw@127.0.0.1:{}", server.port));
    let way = Way::to(&settings);
    for _ in 0..3 {
        assert_eq!(way.read("/ping").await.unwrap(), "ok");
    }
    let heads = server.heads();
    assert_eq!(heads.len(), 1, "the tunnel is kept");
    assert!(
        heads[0].starts_with("connect nbu1.invalid:1556 http/1.1\r\n"),
        "{heads:?}"
    );
    assert!(heads[0].contains("\r\nproxy-authorization: basic "));
    assert!(!heads[0].contains("s3cret"), "the proxy saw the key");
    let inside = site.heads();
    assert!(
        inside[0].starts_with("get /ping http/1.1\r\n"),
        "{inside:?}"
    );
    assert!(inside[0].contains("\r\nauthorization: s3cret-key\r\n"));
    assert!(!inside[0].contains("proxy-authorization"));
}

#[tokio::test]
async fn a_proxy_can_use_tls_itself() {
    let site_estate = estate("nbu1.invalid");
    let site = Server::https(OK, site_estate.acceptor).await;
    let own = estate("127.0.0.1");
    let answer = "HTTP/1.1 200 Go on\r\n\r\n";
    let server = Server::tunnel(answer, site.port, Some(own.acceptor)).await;
    let mut settings = https(1556, vec![site_estate.authority, own.authority]);
    settings.origin.host = "nbu1.invalid".into();
    settings.proxy = proxy(&format!("https://127.0.0.1:{}", server.port));
    assert_eq!(Way::to(&settings).read("/ping").await.unwrap(), "ok");
}

#[tokio::test]
async fn a_site_behind_a_proxy_needs_a_valid_certificate() {
    let site = Server::https(OK, estate("nbu1.invalid").acceptor).await;
    let server = Server::tunnel("HTTP/1.1 200 Go on\r\n\r\n", site.port, None).await;
    let mut settings = https(1556, vec![estate("nbu1.invalid").authority]);
    settings.origin.host = "nbu1.invalid".into();
    settings.proxy = proxy(&format!("http://127.0.0.1:{}", server.port));
    let way = Way::to(&settings);
    assert!(matches!(
        way.get("/ping").await,
        Err(Error::TlsCertificateError)
    ));
    assert!(site.heads().is_empty());
}

#[tokio::test]
async fn a_rejection_by_a_proxy_has_its_own_reason() {
    for says in [
        "HTTP/1.1 407 Who are you\r\n\r\n",
        "HTTP/1.1 502 No\r\n\r\n",
        "SSH-2.0-x\r\n\r\n",
    ] {
        let script = Script {
            says,
            then: NextStep::Closes,
        };
        let server = Server::http(script).await;
        let mut settings = https(1556, vec![estate("nbu1").authority]);
        settings.proxy = proxy(&format!("http://127.0.0.1:{}", server.port));
        let way = Way::to(&settings);
        let error = way.get("/ping").await.unwrap_err();
        assert!(matches!(error, Error::InternalError(Some(_))), "{error:?}");
        assert_eq!(way.codes(), ["proxy"]);
    }
}

#[tokio::test]
async fn an_unreachable_proxy_is_a_refused_connection() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let mut settings = https(1556, vec![estate("nbu1").authority]);
    settings.proxy = proxy(&format!("http://127.0.0.1:{port}"));
    let way = Way::to(&settings);
    assert!(matches!(
        way.get("/ping").await,
        Err(Error::ConnectionRefused)
    ));
    assert_eq!(way.codes(), ["refused"]);
}
