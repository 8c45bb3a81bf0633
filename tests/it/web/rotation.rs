//! A web configuration that changes during scrapes.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tests::{Bench, eventually};

use super::client::{Authority, Secure, get};
use super::{TLS, certify, serving, successful};

fn client(bench: &Bench, authority: &Authority) -> Secure {
    Secure::new(bench.app.addresses()[0], authority, None)
}

/// The server certificate of a new connection.
async fn shown(client: &Secure) -> Option<Vec<u8>> {
    let stream = client.connect().await.ok()?;
    let chain = stream.get_ref().1.peer_certificates()?;
    Some(chain[0].to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_used_for_new_connections_and_open_ones_continue() {
    let authority = Authority::new();
    let bench = serving(&authority, TLS).await;
    let client = client(&bench, &authority);
    let before = shown(&client).await.unwrap();
    let mut open = client.connect().await.unwrap();
    let (done, scrapes) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU32::new(0)),
    );
    let (stop, count) = (Arc::clone(&done), Arc::clone(&scrapes));
    let scraping = tokio::spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            let (status, _) = get(&mut open, "/metrics", "").await.expect("an answer");
            assert_eq!(status, 200);
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    certify(&authority, bench.folder.path());
    eventually("the new one is shown", async || {
        shown(&client).await.expect("a handshake") != before
    })
    .await;
    let so_far = scrapes.load(Ordering::Relaxed);
    eventually("the open connection goes on", async || {
        scraping.is_finished() || scrapes.load(Ordering::Relaxed) > so_far
    })
    .await;
    done.store(true, Ordering::Relaxed);
    scraping.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_web_configuration_is_counted_and_the_old_one_stays_in_force() {
    let authority = Authority::new();
    let bench = serving(&authority, TLS).await;
    let client = client(&bench, &authority);
    let before = shown(&client).await.unwrap();
    for bad in [
        "tls_server_config: { cert_file: none }",
        "basic_auth_users: { a: b }",
    ] {
        fs::write(bench.file("web.yaml"), bad).unwrap();
        eventually("it is refused", async || {
            successful(&client).await == Some(0.0)
        })
        .await;
        assert_eq!(shown(&client).await.unwrap(), before);
        fs::write(bench.file("web.yaml"), TLS).unwrap();
        eventually("it is good again", async || {
            successful(&client).await == Some(1.0)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_does_not_match_the_certificate_leaves_the_old_pair_in_force() {
    let authority = Authority::new();
    let bench = serving(&authority, TLS).await;
    let client = client(&bench, &authority);
    let before = shown(&client).await.unwrap();
    let (certificate, key) = authority.issue("localhost");
    fs::write(bench.file("server.key"), key).unwrap();
    eventually("it is refused", async || {
        successful(&client).await == Some(0.0)
    })
    .await;
    assert_eq!(shown(&client).await.unwrap(), before);
    fs::write(bench.file("server.pem"), certificate).unwrap();
    eventually("the new pair is in force", async || {
        shown(&client).await.unwrap() != before
    })
    .await;
    assert_eq!(successful(&client).await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_follows_the_web_configuration() {
    let authority = Authority::new();
    let bench = serving(&authority, "").await;
    assert_eq!(bench.get("/-/healthy").await.status, 200);
    let client = client(&bench, &authority);
    fs::write(bench.file("web.yaml"), TLS).unwrap();
    eventually("TLS is used", async || shown(&client).await.is_some()).await;
    fs::write(bench.file("web.yaml"), "").unwrap();
    eventually("plain HTTP is used again", async || {
        let plain = tests::Client::new(bench.app.addresses()[0]);
        plain
            .try_ask(http::Method::GET, "/metrics", &[])
            .await
            .is_ok()
    })
    .await;
}
