//! A guest that sends forbidden requests: each is denied with the right reason,
//! counted, reported to the guest, and not sent.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nbu_exporter::egress::{
    Egress, EgressSettings, Observer, Origin, RequestLimits, Scheme, Sockets, Timeouts, UpstreamTls,
};
use nbu_exporter::guest::{self, CallTarget, Guest, SiteSettings, Window};
use nbu_exporter::secret::ApiKey;
use nbu_exporter::site::SiteName;
use tests::{Act, Scripted, collector_keys, guests};

const KEY: &str = "CaNaRy-of-this-hunt-zQxWvUtSrP";

/// The reasons of denied requests, and the number of removed headers.
#[derive(Default)]
struct Notes(Mutex<Vec<&'static str>>, AtomicUsize);

impl Observer for Notes {
    fn request(&self, _: &SiteName, _: &str, _: &str, _: Duration) {}
    fn received(&self, _: &SiteName, _: u64) {}
    fn denied(&self, _: &SiteName, rule: &'static str) {
        self.0.lock().unwrap().push(rule);
    }
    fn headers_removed(&self, _: &SiteName, count: usize) {
        self.1.fetch_add(count, Relaxed);
    }
}

async fn asking() -> Guest {
    let engine = tests::engine();
    let bytes = guests::behaving("ask", 1);
    Guest::load(&engine, bytes.into()).await.unwrap()
}

/// Echoes the head of each request, in a header and in the body.
async fn echoing() -> Scripted {
    echoing_in(usize::MAX).await
}

/// The same with a body in chunks of this size, each sent separately.
async fn echoing_in(size: usize) -> Scripted {
    Scripted::start(Arc::new(move |head: &str, _| {
        let line = head.replace("\r\n", " ");
        let answer =
            format!("HTTP/1.1 200 OK\r\nx-echo: {line}\r\ntransfer-encoding: chunked\r\n\r\n");
        let mut answer = answer.into_bytes();
        for chunk in head.as_bytes().chunks(size) {
            answer.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            answer.extend(chunk);
            answer.extend(b"\r\n");
        }
        answer.extend(b"0\r\n\r\n");
        vec![Act::Say(answer)]
    }))
    .await
}

/// The result that the guest reports, and the counted reasons.
async fn asked(
    guest: &Guest,
    server: &Scripted,
    options: &str,
    limits: RequestLimits,
) -> (String, Vec<&'static str>) {
    let notes = Arc::new(Notes::default());
    let said = told(guest, server, options, limits, &notes).await;
    let denied = notes.0.lock().unwrap().clone();
    (said, denied)
}

/// The result that the guest reports.
async fn told(
    guest: &Guest,
    server: &Scripted,
    options: &str,
    limits: RequestLimits,
    notes: &Arc<Notes>,
) -> String {
    let origin = Origin {
        scheme: Scheme::Http,
        host: "127.0.0.1".to_owned(),
        port: server.address.port(),
    };
    let base_url = format!("{}/netbackup", origin.url());
    let settings = EgressSettings {
        origin,
        base_path: "/netbackup".to_owned(),
        credential: ApiKey::new(KEY).unwrap(),
        tls: UpstreamTls::default(),
        proxy: None,
        allow_local_addresses: false,
        timeouts: Timeouts::default(),
        limits,
    };
    let site = SiteName::new("paris").unwrap();
    let observer = Arc::clone(notes) as Arc<dyn Observer>;
    let egress = Egress::new(site.clone(), &settings, observer, Sockets::shared()).unwrap();
    let target = CallTarget {
        site: &site,
        egress: &egress,
        limits: guest::GuestLimits::default(),
    };
    let given = SiteSettings {
        base_url,
        api_version: None,
        collectors: [collector_keys("jobs", options)].into(),
        legacy_names: false,
    };
    let window = Window {
        now: 0,
        lookback_seconds: 3600,
        last_api_version: None,
        resumed: Vec::new(),
    };
    let only = |name: &str| name == "jobs";
    let collected = guest.collect(target, &given, only, window, vec![]).await;
    let collected = collected.unwrap();
    guest::failure_text(&collected.report.outcomes[0].failures[0])
}

#[tokio::test(flavor = "multi_thread")]
async fn each_forbidden_request_is_denied_with_its_reason() {
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
        ("Proxy-Connection=close", "credential", "Forbidden"),
        ("long-url", "url", "HttpRequestUriTooLong"),
        ("headers", "headers", "HttpRequestHeaderSectionSize"),
    ] {
        let options = format!(r#"{{"ask":"{what}"}}"#);
        let (said, denied) = asked(&guest, &server, &options, RequestLimits::default()).await;
        assert!(said.contains(told), "{what}: {said}");
        assert_eq!(denied, [reason], "{what}: {said}");
        assert_eq!(server.heads(), [""; 0], "{what} left");
    }
}

/// Libraries add their usual headers, and an attacker adds some that change how a
/// server parses the request. They are removed silently.
#[tokio::test(flavor = "multi_thread")]
async fn other_headers_of_the_guest_are_removed() {
    let (guest, server) = (asking().await, echoing().await);
    for header in [
        "User-Agent=library/1",
        "Accept-Encoding=gzip",
        "Range=bytes=0-7",
        "Connection=close",
        "Transfer-Encoding=chunked",
        "Content-Type=text/plain",
        "X-HTTP-Method-Override=DELETE",
        "X-Original-URL=/netbackup/admin/users",
        "X-Forwarded-For=127.0.0.1",
        "Forwarded=for=127.0.0.1",
        "X-Request-ID=a b",
    ] {
        let notes = Arc::new(Notes::default());
        let options = format!(r#"{{"ask":"{header}"}}"#);
        let said = told(&guest, &server, &options, RequestLimits::default(), &notes).await;
        assert!(said.contains("allowed: 200"), "{header}: {said}");
        assert!(notes.0.lock().unwrap().is_empty(), "{header}");
        assert_eq!(notes.1.load(Relaxed), 1, "{header}");
        let head = server.heads().pop().unwrap();
        let names = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let names: Vec<_> = names.map(|(name, _)| name).collect();
        let hosts = ["authorization", "user-agent", "x-request-id", "host"];
        assert_eq!(names, hosts, "{header}: {head}");
        assert!(!head.contains("library"), "{head}");
    }
    let notes = Arc::new(Notes::default());
    let options = r#"{"ask":"X-Request-ID=mine"}"#;
    told(&guest, &server, options, RequestLimits::default(), &notes).await;
    assert_eq!(notes.1.load(Relaxed), 0);
    let head = server.heads().pop().unwrap();
    assert!(head.contains("x-request-id: mine\r\n"), "{head}");
}

/// A server that reads the body of a GET as the next request would execute it with
/// the host's key on the same connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_a_get_is_not_sent_as_another_request() {
    let (guest, server) = (asking().await, echoing().await);
    for ask in ["smuggle", "smuggle-length"] {
        let options = format!(r#"{{"ask":"{ask}"}}"#);
        let (said, denied) = asked(&guest, &server, &options, RequestLimits::default()).await;
        assert!(said.contains("allowed: 200"), "{ask}: {said}");
        assert!(denied.is_empty());
    }
    let heads = server.heads();
    assert_eq!(heads.len(), 4, "{heads:?}");
    assert!(
        heads
            .iter()
            .all(|head| head.starts_with("GET /netbackup/ping ")),
        "{heads:?}"
    );
}

/// The server echoes the path in a separate chunk. Where that chunk ends must not
/// depend on whether it ends with a prefix of the key.
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_cannot_guess_the_key_character_by_character() {
    let server = Scripted::start(Arc::new(|head: &str, _| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let length = path.len();
        let body = format!("{length:x}\r\n{path}\r\n5\r\n-end-\r\n0\r\n\r\n");
        let answer = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}");
        vec![Act::Say(answer.into_bytes())]
    }))
    .await;
    let guest = asking().await;
    let (said, _) = asked(
        &guest,
        &server,
        r#"{"ask":"guess"}"#,
        RequestLimits::default(),
    )
    .await;
    assert!(said.contains("guessed 0 characters: ``"), "{said}");
    assert!(server.heads().len() > 50, "it has tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_body_above_the_limit_is_cut_off() {
    // It responds only after the complete request.
    let server = Scripted::start(Arc::new(|_: &str, _| vec![Act::Hang])).await;
    let guest = asking().await;
    let (said, denied) = asked(
        &guest,
        &server,
        r#"{"ask":"body"}"#,
        RequestLimits::default(),
    )
    .await;
    assert!(said.contains("HttpRequestBodySize"), "{said}");
    assert_eq!(denied, ["body"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_sites_limit_are_denied() {
    let (guest, server) = (asking().await, echoing().await);
    let limits = RequestLimits {
        requests: 50,
        concurrent: 8,
        ..RequestLimits::default()
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
async fn the_key_is_not_in_anything_a_guest_can_read() {
    let guest = asking().await;
    for chunk in [1, 7, KEY.len(), usize::MAX] {
        let server = echoing_in(chunk).await;
        for read in ["1", "7", "30", "65536", "random"] {
            assert_key_not_found(&guest, &server, read).await;
        }
        let heads = server.heads();
        assert!(heads.iter().all(|head| head.contains(KEY)), "it was sent");
    }
}

async fn assert_key_not_found(guest: &Guest, server: &Scripted, pieces: &str) {
    for part in [KEY, &KEY[..8], &KEY[KEY.len() - 8..]] {
        let backwards: String = part.chars().rev().collect();
        let options = format!(
            r#"{{"ask":"hunt","pieces":"{pieces}","backwards":"{backwards}","control":"a-text-of-its-own"}}"#
        );
        let (said, _) = asked(guest, server, &options, RequestLimits::default()).await;
        let expected = "hunted: memory=0 environment=0 echo=0 masked=true control=true";
        assert!(said.contains(expected), "in pieces of {pieces}: {said}");
    }
}
