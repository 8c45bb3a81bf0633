//! Basic authentication over TLS.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Method;
use tests::{Bench, Program, eventually};

use super::client::{Authority, Secure, get};
use super::{TLS, folder, serving};

pub(super) fn users(password: &str) -> String {
    let hash = bcrypt::hash(password, 4).unwrap();
    format!("basic_auth_users: {{ prometheus: {hash} }}\n")
}

pub(super) fn basic(credentials: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(credentials))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_clients_with_the_password_are_answered() {
    let authority = Authority::new();
    let bench = serving(&authority, &(TLS.to_owned() + &users("right"))).await;
    let client = Secure::new(bench.app.addresses()[0], &authority, None);
    let mut stream = client.connect().await.unwrap();
    for (credentials, expected) in [
        (None, 401),
        (Some("prometheus:wrong"), 401),
        (Some("prometheus:right"), 200),
        (Some("grafana:right"), 401),
        (Some("prometheus:right"), 200),
    ] {
        let header = credentials.map_or(String::new(), |credentials| {
            format!("Authorization: {}\r\n", basic(credentials))
        });
        let (status, body) = get(&mut stream, "/metrics", &header).await.unwrap();
        assert_eq!(status, expected, "{credentials:?}");
        assert_eq!(body.contains("nbu_"), expected == 200);
    }
}

pub(super) async fn status(bench: &Bench, credentials: &str) -> u16 {
    let header = basic(credentials);
    let headers = [("authorization", header.as_str())];
    let answer = bench.client.ask(Method::GET, "/metrics", &headers).await;
    let challenged = answer.headers.contains_key("www-authenticate");
    assert_eq!(challenged, answer.status == 401);
    answer.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_takes_effect_once_it_is_written() {
    let bench = serving(&Authority::new(), &users("old")).await;
    assert_eq!(status(&bench, "prometheus:old").await, 200);
    assert_eq!(status(&bench, "prometheus:new").await, 401);
    fs::write(bench.file("web.yaml"), users("new")).unwrap();
    eventually("the new password counts", async || {
        status(&bench, "prometheus:new").await == 200
    })
    .await;
    assert_eq!(status(&bench, "prometheus:old").await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_neither_logged_nor_shown() {
    let folder = folder("logLevel: trace");
    let hash = users("CaNaRy");
    fs::write(folder.path().join("web.yaml"), &hash).unwrap();
    let flags = [
        "--web.listen-address=127.0.0.1:0",
        "--web.config.file=web.yaml",
        "--log.level=trace",
    ];
    let mut program = Program::start(&flags, folder.path());
    let client = tests::Client::new(program.address().await);
    let header = basic("prometheus:CaNaRy");
    let headers = [("authorization", header.as_str())];
    let mut shown = String::new();
    for path in ["/metrics", "/config", "/"] {
        let answer = client.ask(Method::GET, path, &headers).await;
        assert_eq!(answer.status, 200);
        shown += &answer.text();
    }
    program.signal("TERM").await;
    program.line("Stopped").await;
    shown += &program.log.join("\n");
    let (_, hash) = hash.split_once(": {").unwrap();
    let hash = hash
        .trim_matches([' ', '}', '\n'])
        .split(": ")
        .nth(1)
        .unwrap();
    for secret in ["CaNaRy", header.as_str(), hash] {
        assert!(!shown.contains(secret), "{secret}");
    }
}
