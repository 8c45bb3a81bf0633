//! Connections and clients are reused.

use super::server::{NextStep, OK, Script, Server};
use super::*;

#[tokio::test]
async fn sequential_requests_share_a_connection() {
    let server = Server::http(OK).await;
    let way = Way::to(&settings(server.port));
    for _ in 0..20 {
        assert_eq!(way.read("/ping").await.unwrap(), "ok");
    }
    assert_eq!((server.heads().len(), server.connections()), (20, 1));
}

#[tokio::test]
async fn a_server_that_closes_gets_a_new_connection_each_time() {
    let says = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    let server = Server::http(Script {
        says,
        then: NextStep::Closes,
    })
    .await;
    let way = Way::to(&settings(server.port));
    for _ in 0..3 {
        assert_eq!(way.read("/ping").await.unwrap(), "ok");
    }
    assert_eq!(server.connections(), 3);
}

#[test]
fn equivalent_egress_settings_have_the_same_fingerprint() {
    let site = settings(1556);
    assert_eq!(site.fingerprint(), site.clone().fingerprint());

    let changes: [fn(&mut EgressSettings); 20] = [
        |s| s.origin.port += 1,
        |s| s.origin.host.push('2'),
        |s| s.origin.scheme = Scheme::Https,
        |s| s.credential = ApiKey::new("rotated").unwrap(),
        |s| s.tls.insecure_skip_verify = true,
        |s| s.tls.authorities.push(vec![1, 2, 3].into()),
        |s| s.timeouts.total += Duration::from_secs(1),
        |s| s.limits.response_bytes += 1,
        |s| s.base_path.push('x'),
        |s| s.allow_local_addresses = true,
        |s| s.tls.server_name = Some("nbu1".into()),
        |s| s.tls.min_version = TlsVersion::Tls13,
        |s| s.tls.identity = Some(super::trust::identity()),
        |s| s.proxy = super::proxies::proxy("http://proxy:3128"),
        |s| s.limits.url_bytes += 1,
        |s| s.limits.request_headers += 1,
        |s| s.limits.request_bytes += 1,
        |s| s.limits.requests += 1,
        |s| s.limits.bytes += 1,
        |s| s.limits.concurrent += 1,
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut other = site.clone();
        change(&mut other);
        assert_ne!(other.fingerprint(), site.fingerprint(), "change {number}");
    }
}
