//! TLS: certificates of the server and of its clients.

use std::fs;
use std::time::Duration;

use tests::{Bench, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{Authority, Secure};
use super::{TLS, certify, folder, serving};

fn client(bench: &Bench, trusted: &Authority, identity: Option<(String, String)>) -> Secure {
    Secure::new(bench.app.addresses()[0], trusted, identity)
}

async fn scraped(client: &Secure) -> bool {
    match client.try_get("/metrics").await {
        Ok((status, page)) => {
            assert_eq!(status, 200);
            assert!(page.contains("nbu_exporter_build_info"), "{page}");
            true
        }
        Err(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_trusts_the_servers_authority_can_scrape_over_tls() {
    let (authority, other) = (Authority::new(), Authority::new());
    let bench = serving(&authority, TLS).await;
    assert!(scraped(&client(&bench, &authority, None)).await);
    assert!(!scraped(&client(&bench, &other, None)).await);
    let stream = client(&bench, &authority, None).connect().await.unwrap();
    assert_eq!(
        stream.get_ref().1.protocol_version(),
        Some(rustls::ProtocolVersion::TLSv1_3)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_rejected_on_a_tls_port() {
    let authority = Authority::new();
    let bench = serving(&authority, TLS).await;
    let plain = bench.client.try_ask(http::Method::GET, "/metrics", &[]);
    assert!(plain.await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_needs_a_certificate_of_the_right_authority() {
    let (authority, other) = (Authority::new(), Authority::new());
    let web = TLS.replace(
        "}",
        ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: clients.pem }",
    );
    let bench = serving(&authority, &web).await;
    let with = |identity| client(&bench, &authority, identity);
    assert!(!scraped(&with(None)).await);
    assert!(!scraped(&with(Some(other.issue("prometheus")))).await);
    assert!(scraped(&with(Some(authority.issue("prometheus")))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_client_certificate_is_verified_only_if_given() {
    let (authority, other) = (Authority::new(), Authority::new());
    let web = TLS.replace(
        "}",
        ", client_auth_type: VerifyClientCertIfGiven, client_ca_file: clients.pem }",
    );
    let bench = serving(&authority, &web).await;
    let with = |identity| client(&bench, &authority, identity);
    assert!(scraped(&with(None)).await);
    assert!(scraped(&with(Some(authority.issue("prometheus")))).await);
    assert!(!scraped(&with(Some(other.issue("prometheus")))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_needs_an_allowed_name() {
    let authority = Authority::new();
    let web = TLS.replace(
        "}",
        ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: clients.pem, \
         client_allowed_sans: [prometheus.example.com, 10.0.0.1] }",
    );
    let bench = serving(&authority, &web).await;
    let named = |name| client(&bench, &authority, Some(authority.issue(name)));
    for allowed in ["prometheus.example.com", "10.0.0.1"] {
        assert!(scraped(&named(allowed)).await, "{allowed}");
    }
    for other in ["example.com", "x.prometheus.example.com", "10.0.0.2"] {
        assert!(!scraped(&named(other)).await, "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_configured_tls_versions_are_accepted() {
    let authority = Authority::new();
    let web = TLS.replace("}", ", max_version: TLS12 }");
    let bench = serving(&authority, &web).await;
    let stream = client(&bench, &authority, None).connect().await.unwrap();
    let spoken = stream.get_ref().1.protocol_version();
    assert_eq!(spoken, Some(rustls::ProtocolVersion::TLSv1_2));
}

#[tokio::test(flavor = "multi_thread")]
async fn hung_handshakes_time_out_and_do_not_block_other_clients() {
    let authority = Authority::new();
    let folder = folder("webConfigFile: web.yaml, readTimeout: 2s, maxConnections: 20");
    certify(&authority, folder.path());
    fs::write(folder.path().join("web.yaml"), TLS).unwrap();
    let bench = Bench::open(folder).await.unwrap();
    let mut begun = Vec::new();
    for _ in 0..60 {
        let mut stream = TcpStream::connect(bench.app.addresses()[0]).await.unwrap();
        // The header of a ClientHello and one byte of it. The connection may already
        // have been evicted for another.
        let _ = stream.write_all(b"\x16\x03\x01\x02\x00\x01").await;
        begun.push(stream);
    }
    let client = client(&bench, &authority, None);
    eventually("a well-behaved client is answered", async || {
        scraped(&client).await
    })
    .await;
    for mut stream in begun {
        let end = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut [0; 9])).await;
        let end = end.expect("it has timed out");
        assert!(
            end.is_err() || end.is_ok_and(|bytes| bytes < 9),
            "it is answered"
        );
    }
}
