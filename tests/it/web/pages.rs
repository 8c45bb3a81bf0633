//! Foreign web pages in an operator's browser.

use http::{Method, StatusCode};
use tests::{Answer, Bench};

use super::authentication::{basic, users};
use super::client::Authority;
use super::{folder, serving};

const SECRETIVE: &str = "nbuservers";

async fn open() -> Bench {
    Bench::open(folder("")).await.unwrap()
}

async fn ask(bench: &Bench, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    bench.client.ask(method, path, headers).await
}

/// Headers that browsers send for a form or script of another site, for a sandboxed
/// frame, and for a page whose name resolves to the exporter.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_cannot_make_a_browser_reload_the_configuration() {
    let bench = open().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for page in [
        &[form, ("origin", "http://evil.example")][..],
        &[form, ("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "http://localhost"),
        ],
        &[("host", "evil.example"), ("origin", "http://evil.example")],
    ] {
        let answer = ask(&bench, Method::POST, "/-/reload", page).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{page:?}");
        assert!(answer.text().contains("hint: "), "{}", answer.text());
    }
    // The operator's tools, with any name for the exporter.
    for (generation, host) in [(2, "localhost"), (3, "backup01.example.com:9440")] {
        let headers = [("host", host)];
        let answer = ask(&bench, Method::POST, "/-/reload", &headers).await;
        let done = format!("Configuration reloaded, generation {generation}\n");
        assert_eq!(answer.text(), done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_a_rebound_name_cannot_read_the_configuration() {
    let bench = open().await;
    for host in [
        "evil.example",
        "evil.example:9440",
        "127.0.0.1.evil.example",
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = ask(&bench, method, "/config", &[("host", host)]).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
            assert!(!answer.text().contains(SECRETIVE), "{}", answer.text());
        }
    }
    for host in [
        "127.0.0.1:9440",
        "localhost",
        "backup01",
        "nbu-exporter.monitoring.svc",
    ] {
        let answer = ask(&bench, Method::GET, "/config", &[("host", host)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{host}");
        assert!(answer.text().contains(SECRETIVE));
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scrapes_and_probes_may_use_any_name() {
    let bench = open().await;
    for path in ["/metrics", "/-/healthy", "/-/ready", "/"] {
        let headers = [("host", "exporter.example.com")];
        let answer = ask(&bench, Method::GET, path, &headers).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_replaces_the_check_of_the_host_name() {
    let bench = serving(&Authority::new(), &users("right")).await;
    let authorization = basic("prometheus:right");
    let host = ("host", "exporter.example.com");
    let headers = [host, ("authorization", authorization.as_str())];
    let answer = ask(&bench, Method::GET, "/config", &headers).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = ask(&bench, Method::GET, "/config", &[host]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
