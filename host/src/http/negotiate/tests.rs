use super::*;

fn headers(name: HeaderName, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !value.is_empty() {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

#[test]
fn the_format_follows_accept() {
    use Format::{OpenMetrics, Text};
    let table = [
        ("", Text),
        ("*/*", Text),
        ("text/plain", Text),
        ("text/html,application/xhtml+xml,*/*;q=0.8", Text),
        ("application/json", Text),
        ("application/*", Text),
        ("application/openmetrics-text", OpenMetrics),
        (
            "Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8",
            OpenMetrics,
        ),
        (
            "application/openmetrics-text;version=\"1.0.0\"",
            OpenMetrics,
        ),
        ("application/openmetrics-text;version=0.0.1", Text),
        ("application/openmetrics-text;version=2.0.0", Text),
        ("application/openmetrics-text,text/plain", OpenMetrics),
        ("application/openmetrics-text;q=0.4,text/plain;q=0.5", Text),
        (
            "application/openmetrics-text;q=0.4,text/plain;q=0.3,*/*;q=0.9",
            OpenMetrics,
        ),
        ("application/openmetrics-text;q=0.4,*/*;q=0.9", Text),
        (
            "application/openmetrics-text;q=0.4,text/*;q=0.3,*/*;q=0.9",
            OpenMetrics,
        ),
        ("application/openmetrics-text;q=0,text/plain;q=0", Text),
        ("application/openmetrics-text;q=high", Text),
        // Prometheus 2.
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;\
             version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            OpenMetrics,
        ),
        // Prometheus 3.
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
             application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;\
             escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            OpenMetrics,
        ),
        // Prometheus with text preferred.
        (
            "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,\
             */*;q=0.1",
            Text,
        ),
    ];
    for (accept, expected) in table {
        assert_eq!(format(&headers(ACCEPT, accept)), expected, "{accept}");
    }
}

#[test]
fn two_accept_headers_count_as_one_list() {
    let mut headers = headers(ACCEPT, "text/plain;q=0.1");
    headers.append(ACCEPT, "application/openmetrics-text".parse().unwrap());
    assert_eq!(format(&headers), Format::OpenMetrics);
}

#[test]
fn compression_follows_accept_encoding() {
    let table = [
        ("", false),
        ("gzip", true),
        ("GZIP", true),
        ("x-gzip", true),
        ("deflate, gzip;q=0.5, br", true),
        ("deflate, br", false),
        ("*", true),
        ("*;q=0", false),
        ("gzip;q=0", false),
        ("gzip;q=0, *", false),
        ("*;q=0, gzip", true),
        ("identity", false),
        ("gzip;q=0.5, identity", false),
        ("gzip, identity;q=0.5", true),
    ];
    for (accept, expected) in table {
        assert_eq!(
            gzip(&headers(ACCEPT_ENCODING, accept)),
            expected,
            "{accept}"
        );
    }
}
