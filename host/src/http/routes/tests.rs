use std::sync::Arc;

use crate::http::ServerState;
use crate::http::testing::{TestApp, ask, get, page, serve, state};

fn published() -> Arc<ServerState> {
    let state = state(TestApp::default());
    state.page.store(Arc::new(page()));
    state.config.store(Arc::new("server: {}\n".into()));
    state
}

#[tokio::test]
async fn a_scrape_has_the_page_followed_by_the_hosts_instruments() {
    let (_serving, address) = serve(published());
    let reply = get(address, "/metrics?x=1").await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(reply.header("vary"), Some("Accept, Accept-Encoding"));
    assert_eq!(reply.header("content-encoding"), None);
    assert_eq!(
        reply.header("content-length"),
        Some(reply.body.len().to_string().as_str())
    );
    let text = reply.text();
    assert!(
        text.starts_with("# HELP nbu_up Whether it is up.\n"),
        "{text}"
    );
    assert!(
        text.contains("nbu_up{site=\"prod\"} 1\n# HELP nbu_exporter_build_info "),
        "{text}"
    );
    assert!(!text.contains("# EOF"), "{text}");
}

#[tokio::test]
async fn openmetrics_ends_once_and_at_the_end() {
    let (_serving, address) = serve(published());
    let head = "GET /metrics HTTP/1.1\nAccept: application/openmetrics-text";
    let reply = ask(address, head).await;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(reply.header("content-type"), Some(content_type));
    assert!(reply.text().ends_with("\n# EOF\n"));
    assert_eq!(reply.text().matches("# EOF").count(), 1);
}

#[tokio::test]
async fn a_compressed_scrape_holds_the_same_families() {
    let (_serving, address) = serve(published());
    for accept in ["text/plain", "application/openmetrics-text"] {
        let head = format!("GET /metrics HTTP/1.1\nAccept: {accept}");
        let plain = ask(address, &head).await;
        let zipped = ask(address, &format!("{head}\nAccept-Encoding: gzip")).await;
        assert_eq!(zipped.header("content-encoding"), Some("gzip"));
        assert_eq!(
            zipped.header("content-length"),
            Some(zipped.body.len().to_string().as_str())
        );
        // The values of the process change between requests.
        let steady = |text: &str| {
            let lines = text.lines().filter(|line| !line.starts_with("process_"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(steady(&zipped.unzipped()), steady(plain.text()));
    }
}

#[tokio::test]
async fn a_scrape_is_answered_before_anything_was_published() {
    let (_serving, address) = serve(state(TestApp::default()));
    let head = "GET /metrics HTTP/1.1\nAccept-Encoding: gzip";
    assert!(
        ask(address, head)
            .await
            .unzipped()
            .starts_with("# HELP nbu_exporter_build_info ")
    );
    assert!(
        get(address, "/metrics")
            .await
            .text()
            .starts_with("# HELP nbu_exporter_build_info ")
    );
}

#[tokio::test]
async fn the_path_of_the_metrics_can_be_changed() {
    let state = published();
    let (_serving, address) = serve(state.clone());
    state.metrics_path.store(Arc::new("/nbu".to_owned()));
    assert_eq!(get(address, "/nbu").await.status, 200);
    let reply = get(address, "/metrics").await;
    assert_eq!(reply.status, 404);
    assert_eq!(
        reply.text(),
        "`/metrics` not found\nhint: the metrics are at `/nbu`\n"
    );
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let (_serving, address) = serve(published());
    for path in ["/health", "/-/healthy", "/config", "/"] {
        let get = get(address, path).await;
        let head = ask(address, &format!("HEAD {path} HTTP/1.1")).await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{path}"
        );
        assert_eq!(
            head.header("content-length"),
            get.header("content-length"),
            "{path}"
        );
        assert_eq!(head.body, b"", "{path}");
    }
    let head = ask(address, "HEAD /metrics HTTP/1.1").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn the_response_to_a_wrong_method_names_the_allowed_ones() {
    let (_serving, address) = serve(published());
    for (line, allow) in [
        ("POST /metrics", "GET, HEAD"),
        ("DELETE /health", "GET, HEAD"),
        ("GET /-/reload", "POST"),
        ("HEAD /-/reload", "POST"),
    ] {
        let reply = ask(address, &format!("{line} HTTP/1.1")).await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some(allow)),
            "{line}"
        );
    }
}

#[tokio::test]
async fn health_is_ok_when_every_site_answers() {
    let app = TestApp {
        good: vec!["prod", "lab"],
        ..TestApp::default()
    };
    let (_serving, address) = serve(state(app));
    let reply = get(address, "/health").await;
    assert_eq!((reply.status, reply.text()), (200, "OK\n"));
}

#[tokio::test]
async fn health_names_every_site_when_one_does_not_answer() {
    let app = TestApp {
        good: vec!["prod"],
        bad: vec!["lab"],
        ..TestApp::default()
    };
    let (_serving, address) = serve(state(app));
    let reply = get(address, "/health").await;
    let expected = "OK\nprod: OK, API version 14.0\nlab: UNREACHABLE, connection refused\n";
    assert_eq!((reply.status, reply.text()), (200, expected));
}

#[tokio::test]
async fn health_is_unavailable_when_no_site_answers() {
    let (_serving, address) = serve(state(TestApp {
        bad: vec!["lab"],
        ..TestApp::default()
    }));
    let reply = get(address, "/health").await;
    let expected = "UNHEALTHY: NetBackup API unreachable\nlab: UNREACHABLE, connection refused\n";
    assert_eq!((reply.status, reply.text()), (503, expected));
    assert_eq!(get(address, "/-/healthy").await.status, 200);
}

#[tokio::test]
async fn readiness_follows_the_application() {
    let state = state(TestApp::default());
    let (_serving, address) = serve(state.clone());
    let reply = get(address, "/-/ready").await;
    assert_eq!((reply.status, reply.text()), (503, "Not ready: starting\n"));
    state.set_ready();
    let reply = get(address, "/-/ready").await;
    assert_eq!((reply.status, reply.text()), (200, "Ready\n"));
}

#[tokio::test]
async fn the_response_to_a_reload_has_its_result() {
    let (_serving, address) = serve(state(TestApp::default()));
    let reply = ask(address, "POST /-/reload HTTP/1.1\nContent-Length: 0").await;
    assert_eq!((reply.status, reply.text()), (200, "reloaded\n"));
    let (_serving, address) = serve(state(TestApp {
        refuse_reload: true,
        ..TestApp::default()
    }));
    let reply = ask(address, "POST /-/reload HTTP/1.1").await;
    assert_eq!((reply.status, reply.text()), (500, "unknown key `x`\n"));
}

#[tokio::test]
async fn the_configuration_is_shown_unchanged() {
    let state = state(TestApp::default());
    let (_serving, address) = serve(state.clone());
    state.config.store(Arc::new("apiKey: <secret>\n".into()));
    let reply = get(address, "/config").await;
    assert_eq!(reply.text(), "apiKey: <secret>\n");
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_probe_during_the_start_is_not_told_that_its_site_does_not_exist() {
    let state = published();
    let (_serving, address) = serve(Arc::clone(&state));
    let probe = async || get(address, "/probe?target=berlin").await.status;
    assert_eq!(probe().await, 503);
    state.set_ready();
    assert_eq!(probe().await, 404);
}
