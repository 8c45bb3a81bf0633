//! Invalid status lines and headers.

use super::*;

fn with_header(header: &str) -> Vec<Act> {
    keep(format!(
        "HTTP/1.1 200 OK\r\n{header}\r\ncontent-length: 36\r\n\r\n{EMPTY}"
    ))
}

fn status(line: &str) -> Vec<Act> {
    keep(format!("{line}\r\ncontent-length: 0\r\n\r\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_status_line_is_malformed() {
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let cases = vec![
        case("garbage", Fails("malformed"), raw("\0\x01garbage\r\n\r\n")).await,
        case(
            "before",
            Fails("malformed"),
            raw(format!("x{}", "HTTP/1.1 200 OK\r\n\r\n")),
        )
        .await,
        case(
            "http09",
            Fails("malformed"),
            raw("<html>hello</html>\r\n\r\n"),
        )
        .await,
        case("http2", Fails("malformed"), raw(preface)).await,
        case("http3", Fails("malformed"), status("HTTP/3.0 200 OK")).await,
        case(
            "ssh",
            Fails("malformed"),
            raw("SSH-2.0-OpenSSH_9.9\r\n\r\n"),
        )
        .await,
        case("status000", Fails("malformed"), status("HTTP/1.1 000 None")).await,
        case("status20", Fails("malformed"), status("HTTP/1.1 20 OK")).await,
        case("status2000", Fails("malformed"), status("HTTP/1.1 2000 OK")).await,
        case("status-1", Fails("malformed"), status("HTTP/1.1 -1 OK")).await,
        case("status999", Fails("status"), status("HTTP/1.1 999 What")).await,
        case(
            "status204",
            Fails("status"),
            raw(format!("HTTP/1.1 204 No\r\n\r\n{EMPTY}")),
        )
        .await,
    ];
    all(cases, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_headers_are_malformed() {
    let many: String = (0..1000).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let huge = format!("x: {}", "y".repeat(1 << 20));
    let endless = vec![
        Act::Say(b"HTTP/1.1 200 OK\r\nx: ".to_vec()),
        Act::Endless(vec![b'y'; 4096]),
    ];
    let cases = vec![
        case("many", Fails("malformed"), with_header(many.trim_end())).await,
        case("huge", Fails("malformed"), with_header(&huge)).await,
        case("endless", Fails("malformed"), endless).await,
        case("nul", Fails("malformed"), with_header("x: a\0b")).await,
        case("fold", Fails("malformed"), with_header("x: a\r\n b")).await,
        case("nameless", Fails("malformed"), with_header(": a")).await,
        case("spaced", Fails("malformed"), with_header("x : a")).await,
        case("latin", Reads, with_header("x: \u{e9}")).await,
    ];
    all(cases, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let elsewhere = Scripted::start(Arc::new(|_: &str, _| keep(json(EMPTY)))).await;
    let to = |location: &str| {
        let head = "HTTP/1.1 307 Go\r\ncontent-length: 0\r\nlocation:";
        keep(format!("{head} {location}\r\n\r\n"))
    };
    let there = format!("http://{}/netbackup/admin/jobs", elsewhere.address);
    let cases = vec![
        case("same", Fails("redirect"), to("/netbackup/admin/jobs")).await,
        case("cross", Fails("redirect"), to(&there)).await,
        case(
            "userinfo",
            Fails("redirect"),
            to(&there.replace("//", "//me@")),
        )
        .await,
        case("file", Fails("redirect"), to("file:///etc/passwd")).await,
    ];
    all(cases, "").await;
    assert!(elsewhere.heads().is_empty());
}
