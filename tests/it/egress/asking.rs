//! A guest that asks for what it must not have: each request is refused for the
//! right reason, counted, told to the guest, and never leaves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nbu_exporter::egress::{Egress, Limits, Observer, Origin, Scheme, Settings, Timeouts, Tls};
use nbu_exporter::guest::{self, Guest, Place, Selection, SiteSettings, Window};
use nbu_exporter::secret::ApiKey;
use nbu_exporter::site::SiteName;
use tests::{Act, Scripted, guests};

const KEY: &str = "CaNaRy-of-this-hunt-zQxWvUtSrP";

/// What was refused.
#[derive(Default)]
struct Notes(Mutex<Vec<&'static str>>);

impl Observer for Notes {
    fn request(&self, _: &SiteName, _: &str, _: Duration) {}
    fn received(&self, _: &SiteName, _: u64) {}
    fn denied(&self, _: &SiteName, rule: &'static str) {
        self.0.lock().unwrap().push(rule);
    }
}

async fn asking() -> Guest {
    let engine = tests::engine();
    let bytes = guests::behaving("ask", 1);
    Guest::load(&engine, bytes.into()).await.unwrap()
}

/// Sends the head of each request back, in a header and in the body.
async fn echoing() -> Scripted {
    Scripted::start(Arc::new(|head: &str, _| {
        let line = head.replace("\r\n", " ");
        let length = head.len();
        let answer =
            format!("HTTP/1.1 200 OK\r\nx-echo: {line}\r\ncontent-length: {length}\r\n\r\n{head}");
        vec![Act::Say(answer.into_bytes())]
    }))
    .await
}

/// What the guest was told, and what was counted.
async fn asked(
    guest: &Guest,
    server: &Scripted,
    options: &str,
    limits: Limits,
) -> (String, Vec<&'static str>) {
    let origin = Origin {
        scheme: Scheme::Http,
        host: "127.0.0.1".to_owned(),
        port: server.address.port(),
    };
    let base_url = format!("{}/netbackup", origin.url());
    let settings = Settings {
        origin,
        base_path: "/netbackup".to_owned(),
        credential: ApiKey::new(KEY).unwrap(),
        tls: Tls::default(),
        proxy: None,
        allow_local_addresses: false,
        timeouts: Timeouts::default(),
        limits,
    };
    let (site, notes) = (SiteName::new("paris").unwrap(), Arc::new(Notes::default()));
    let egress = Egress::new(site.clone(), &settings, notes.clone()).unwrap();
    let place = Place {
        site: &site,
        egress: &egress,
        limits: guest::Limits::default(),
    };
    let told = SiteSettings {
        base_url,
        api_version: None,
        collectors: vec![Selection {
            name: "jobs".to_owned(),
            options: options.to_owned(),
        }],
        legacy_names: false,
    };
    let window = Window {
        now: 0,
        lookback_seconds: 3600,
        last_api_version: None,
        resumed: Vec::new(),
    };
    let collected = guest.collect(place, &told, window, vec![]).await.unwrap();
    let failure = &collected.report.outcomes[0].failures[0];
    let denied = notes.0.lock().unwrap().clone();
    (guest::failure_text(failure), denied)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_that_must_not_leave_is_refused_for_its_reason() {
    let (guest, server) = (asking().await, echoing().await);
    for (what, reason, told) in [
        ("host", "host", "HttpRequestDenied"),
        ("port", "port", "HttpRequestDenied"),
        ("userinfo", "userinfo", "HttpRequestDenied"),
        ("mapped", "host", "HttpRequestDenied"),
        ("decimal", "host", "HttpRequestDenied"),
        ("scheme", "scheme", "HttpRequestDenied"),
        ("odd-scheme", "scheme", "HttpRequestDenied"),
        ("undeclared", "undeclared", "HttpRequestDenied"),
        ("above", "path", "HttpRequestDenied"),
        ("dots", "path", "HttpRequestDenied"),
        ("encoded", "path", "HttpRequestDenied"),
        ("slashes", "path", "HttpRequestDenied"),
        ("semicolon", "path", "HttpRequestDenied"),
        ("post", "method", "HttpRequestDenied"),
        ("put", "method", "HttpRequestDenied"),
        ("delete", "method", "HttpRequestDenied"),
        ("head", "method", "HttpRequestDenied"),
        ("connect", "method", "HttpRequestDenied"),
        ("odd-method", "method", "HttpRequestDenied"),
        ("Authorization", "credential", "Forbidden"),
        ("aUTHORIZATION=Bearer x", "credential", "Forbidden"),
        ("Proxy-Authorization", "credential", "Forbidden"),
        ("Cookie", "credential", "Forbidden"),
        ("Host=elsewhere", "credential", "Forbidden"),
        ("Accept-Encoding=gzip", "credential", "Forbidden"),
        ("Range=bytes=0-7", "credential", "Forbidden"),
        ("X-HTTP-Method-Override=DELETE", "credential", "Forbidden"),
        ("long-url", "url", "HttpRequestUriTooLong"),
        ("headers", "headers", "HttpRequestHeaderSectionSize"),
    ] {
        let options = format!(r#"{{"ask":"{what}"}}"#);
        let (said, denied) = asked(&guest, &server, &options, Limits::default()).await;
        assert!(said.contains(told), "{what}: {said}");
        assert_eq!(denied, [reason], "{what}: {said}");
        assert_eq!(server.heads(), [""; 0], "{what} left");
    }
    // A header that is nobody's may be set, so that the guest can ask at all.
    let (said, denied) = asked(&guest, &server, r#"{"ask":"X-Mine"}"#, Limits::default()).await;
    assert!(said.contains("allowed: 200"), "{said}");
    assert!(denied.is_empty() && server.heads()[0].contains("x-mine: mine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_cut_off() {
    // It does not answer before it has seen the whole.
    let server = Scripted::start(Arc::new(|_: &str, _| vec![Act::Hang])).await;
    let guest = asking().await;
    let (said, denied) = asked(&guest, &server, r#"{"ask":"body"}"#, Limits::default()).await;
    assert!(said.contains("HttpRequestBodySize"), "{said}");
    assert_eq!(denied, ["body"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_requests_end_at_the_sites_number() {
    let (guest, server) = (asking().await, echoing().await);
    let limits = Limits {
        requests: 50,
        concurrent: 8,
        ..Limits::default()
    };
    let (said, denied) = asked(&guest, &server, r#"{"ask":"thousands"}"#, limits).await;
    assert!(said.contains("allowed 50, then"), "{said}");
    assert!(said.contains("HttpRequestDenied"), "{said}");
    assert_eq!(denied, ["requests"; 2950]);
    assert_eq!(server.heads().len(), 50);

    let (said, denied) = asked(&guest, &server, r#"{"ask":"at-once"}"#, limits).await;
    assert!(said.contains("allowed 8, then"), "{said}");
    assert!(said.contains("ConnectionLimitReached"), "{said}");
    assert_eq!(denied[0], "concurrency");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hunt_through_all_that_a_guest_can_see_finds_no_key() {
    let (guest, server) = (asking().await, echoing().await);
    for part in [KEY, &KEY[..8], &KEY[KEY.len() - 8..]] {
        let backwards: String = part.chars().rev().collect();
        let options =
            format!(r#"{{"ask":"hunt","backwards":"{backwards}","control":"a-text-of-its-own"}}"#);
        let (said, _) = asked(&guest, &server, &options, Limits::default()).await;
        let expected = "hunted: memory=0 environment=0 echo=0 masked=true control=true";
        assert!(said.contains(expected), "{said}");
    }
    assert!(
        server.heads().iter().all(|head| head.contains(KEY)),
        "it was sent"
    );
}
