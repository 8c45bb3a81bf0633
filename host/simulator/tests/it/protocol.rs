//! Authorization, versions, TLS, request ids, and endpoints without authorization.

use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::Full;
use jiff::SignedDuration;
use simulator::{Authority, Clock, Options, Release};

use crate::client::{KEY, get, request_with, send, start};

const NEWEST: &str = "application/vnd.netbackup+json;version=14.0";

#[tokio::test]
async fn ping_needs_no_authorization_and_has_the_version() {
    let clock = Clock::manual("2026-03-04T12:00:00Z".parse().unwrap());
    let simulator = start(Options {
        release: Release::V10_5,
        clock,
        ..Options::default()
    })
    .await;
    let request = Request::get("/netbackup/ping")
        .body(Full::default())
        .unwrap();
    let reply = send(&simulator, request).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header("x-netbackup-api-version"), "12.0");
    assert_eq!(
        reply.header("content-type"),
        "text/vnd.netbackup+plain;version=12.0"
    );
    assert_eq!(reply.body, b"1772625600000");
    simulator.set_release(Release::V11_0);
    let reply = send(&simulator, get("/ping")).await.unwrap();
    assert_eq!(reply.header("x-netbackup-api-version"), "13.0");
}

#[tokio::test]
async fn only_the_current_key_is_accepted() {
    let simulator = start(Options::default()).await;
    let status = async |key: &str| {
        send(&simulator, request_with("/admin/jobs", key, NEWEST))
            .await
            .unwrap()
            .status
            .as_u16()
    };
    assert_eq!(status(KEY).await, 200);
    assert_eq!(status("Bearer a-key").await, 401);
    simulator.set_api_key("another");
    assert_eq!((status(KEY).await, status("another").await), (401, 200));
    let log = simulator.requests().all();
    assert_eq!(
        log.iter().map(|one| one.authorized).collect::<Vec<_>>(),
        [true, false, false, true]
    );
    assert!(!format!("{log:?}").contains("another"));
}

#[tokio::test]
async fn an_expired_key_is_rejected_where_a_key_is_needed() {
    let now = "2026-03-04T12:00:00Z".parse().unwrap();
    let clock = Clock::manual(now);
    let simulator = start(Options {
        clock: clock.clone(),
        ..Options::default()
    })
    .await;
    simulator.expire_api_key(now + SignedDuration::from_secs(60));
    let status = async |path: &str| send(&simulator, get(path)).await.unwrap().status.as_u16();
    assert_eq!(status("/admin/jobs").await, 200);
    clock.advance(Duration::from_secs(60));
    assert_eq!(status("/admin/jobs").await, 401);
    assert_eq!(status("/ping").await, 200);
}

#[tokio::test]
async fn a_cookie_replaces_the_header() {
    let simulator = start(Options::default()).await;
    let mut request = get("/admin/jobs");
    let headers = request.headers_mut();
    headers.remove(header::AUTHORIZATION);
    let cookie = format!("Authorization={KEY}");
    headers.insert(header::COOKIE, cookie.parse().unwrap());
    let reply = send(&simulator, request).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn the_token_key_is_a_public_key_without_authorization() {
    let simulator = start(Options::default()).await;
    let request = Request::get("/netbackup/tokenkey");
    let request = request.body(Full::default()).unwrap();
    let reply = send(&simulator, request).await.unwrap();
    let kind = "text/vnd.netbackup+html;version=14.0";
    assert_eq!(reply.header("content-type"), kind);
    let pem = String::from_utf8(reply.body).unwrap();
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----"), "{pem}");
}

#[tokio::test]
async fn a_version_above_the_servers_is_not_acceptable() {
    let simulator = start(Options {
        release: Release::V10_5,
        ..Options::default()
    })
    .await;
    let ask = async |accept: &str| {
        send(&simulator, request_with("/admin/jobs", KEY, accept))
            .await
            .unwrap()
    };
    let older = ask("application/vnd.netbackup+json;version=10.0").await;
    assert_eq!(older.status, StatusCode::OK);
    assert_eq!(
        older.header("content-type"),
        "application/vnd.netbackup+json;version=10.0"
    );
    for accept in [NEWEST, "application/json", "*/*"] {
        let refused = ask(accept).await;
        assert_eq!(refused.status, StatusCode::NOT_ACCEPTABLE, "{accept}");
        assert!(refused.json()["errorMessage"].is_string());
        assert_eq!(
            refused.header("content-type"),
            "application/vnd.netbackup+json;version=12.0"
        );
    }
}

#[tokio::test]
async fn the_certificate_is_signed_by_the_published_authority() {
    let authority = Some(Authority::new().unwrap());
    let simulator = start(Options {
        authority,
        ..Options::default()
    })
    .await;
    assert!(simulator.url().starts_with("https://127.0.0.1:"));
    let reply = send(&simulator, get("/security/cacert")).await.unwrap();
    let shown = &reply.json()["webRootCertificateData"][0]["caCert"];
    assert_eq!(shown.as_str(), simulator.ca_pem());
    assert_eq!(
        send(&simulator, get("/admin/jobs")).await.unwrap().status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_request_id_is_echoed_or_created() {
    let simulator = start(Options::default()).await;
    let mut request = get("/admin/jobs");
    request
        .headers_mut()
        .insert("x-request-id", "my-own".parse().unwrap());
    assert_eq!(
        send(&simulator, request)
            .await
            .unwrap()
            .header("x-request-id"),
        "my-own"
    );
    assert_eq!(
        send(&simulator, get("/ping"))
            .await
            .unwrap()
            .header("x-request-id")
            .len(),
        36
    );
}

#[tokio::test]
async fn an_unknown_path_and_an_unknown_method_have_their_statuses() {
    let simulator = start(Options::default()).await;
    let status = async |request| send(&simulator, request).await.unwrap().status.as_u16();
    assert_eq!(status(get("/storage/nothing")).await, 404);
    assert_eq!(status(get("/admin/jobs-count-requests")).await, 405);
    assert_eq!(status(get("/admin/jobs?page[offset]=0")).await, 400);
    let bare = Request::get("/admin/jobs").header(header::AUTHORIZATION, KEY);
    assert_eq!(status(bare.body(Full::default()).unwrap()).await, 404);
    assert_eq!(simulator.requests().count("/admin/jobs"), 1);
}

#[tokio::test]
async fn links_have_the_host_of_the_request() {
    let simulator = start(Options::default()).await;
    let json = send(&simulator, get("/admin/jobs?sort=jobId"))
        .await
        .unwrap()
        .json();
    let own = json["links"]["self"]["href"].as_str().unwrap();
    assert_eq!(
        own,
        "http://primary.example/netbackup/admin/jobs?sort=jobId"
    );
}
