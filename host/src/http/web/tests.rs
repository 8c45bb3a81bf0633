use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures::future::FutureExt as _;
use http::header::{AUTHORIZATION, X_FRAME_OPTIONS};

use super::*;
use crate::http::state::ServerState;
use crate::http::testing::{Reply, TestApp, ask, serve, state};

/// The lowest cost of bcrypt.
fn hash(password: &str) -> Hash {
    Hash::new(&bcrypt::hash(password, 4).unwrap()).unwrap()
}

fn guarded() -> Web {
    let users = [("alice", "a:b"), ("bob", "pâté")];
    let users = users.map(|(name, password)| (name.to_owned(), hash(password)));
    Web {
        users: Users::new(users).without_delay(),
        ..Web::default()
    }
}

async fn get(web: &Arc<ServerState>, path: &str, headers: &str) -> Reply {
    let (_serving, address) = serve(Arc::clone(web));
    ask(address, &format!("GET {path} HTTP/1.1{headers}")).await
}

fn with(web: Web) -> Arc<ServerState> {
    let state = state(TestApp::default());
    state.web.store(Arc::new(web));
    state
}

fn basic(credentials: &str) -> String {
    format!(
        "\nAuthorization: Basic {}",
        BASE64_STANDARD.encode(credentials)
    )
}

#[tokio::test]
async fn no_password_is_required_without_users() {
    let state = with(Web::default());
    for headers in ["", &basic("any:body")] {
        assert_eq!(get(&state, "/-/healthy", headers).await.status, 200);
    }
}

#[tokio::test]
async fn every_path_requires_a_user_and_a_password() {
    let state = with(guarded());
    for path in [
        "/",
        "/metrics",
        "/health",
        "/config",
        "/-/healthy",
        "/-/ready",
        "/none",
    ] {
        let reply = get(&state, path, "").await;
        assert_eq!(reply.status, 401, "{path}");
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Basic realm="), "{challenge}");
        assert_eq!(reply.text(), "user name and password required\n");
    }
}

#[tokio::test]
async fn the_correct_password_of_a_known_user_is_always_accepted() {
    let state = with(guarded());
    for credentials in ["alice:a:b", "bob:pâté", "alice:a:b"] {
        let reply = get(&state, "/-/healthy", &basic(credentials)).await;
        assert_eq!(reply.status, 200, "{credentials}");
    }
}

/// The queue of this address is full, and stays full.
#[tokio::test]
async fn a_verified_client_does_not_wait_for_a_check() {
    let state = with(guarded());
    let alice = basic("alice:a:b");
    assert_eq!(get(&state, "/-/healthy", &alice).await.status, 200);
    let _stuck = state.web.load().users.fill(IpAddr::from([127, 0, 0, 1]));
    let reply = get(&state, "/-/healthy", &basic("bob:pâté")).await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (429, Some("1"))
    );
    assert!(reply.text().contains("hint: "), "{}", reply.text());
    assert_eq!(get(&state, "/-/healthy", &alice).await.status, 200);
}

#[tokio::test]
async fn a_reload_keeps_verified_clients() {
    let headers = |credentials: &str| {
        let mut headers = HeaderMap::new();
        let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        headers
    };
    let same = hash("a:b");
    let users = |alice: &Hash, bob: &str| {
        let users = [("alice", alice.clone()), ("bob", hash(bob))];
        Users::new(users.map(|(name, hash)| (name.to_owned(), hash)))
    };
    let (before, after) = (users(&same, "old"), users(&same, "new"));
    let peer = || IpAddr::from([127, 0, 0, 1]).into();
    for (right, count) in [("alice:a:b", 1), ("bob:old", 2)] {
        let verdict = before.admit(peer(), &headers(right)).await;
        assert_eq!(
            (verdict, before.remembered()),
            (PasswordCheck::Accepted, count)
        );
    }
    after.remember_those_of(&before);
    assert_eq!(after.remembered(), 1);
    let alice = headers("alice:a:b");
    let admitted = after.admit(peer(), &alice).now_or_never();
    assert_eq!(admitted, Some(PasswordCheck::Accepted), "without a wait");
    let bob = after.admit(peer(), &headers("bob:old")).now_or_never();
    assert_eq!(bob, None, "his hash is another: it is computed");
}

#[tokio::test]
async fn other_credentials_are_rejected() {
    let state = with(guarded());
    let right = BASE64_STANDARD.encode("alice:a:b");
    let mut wrong: Vec<_> = [
        "alice:a",
        "alice:",
        ":",
        "alice",
        "Alice:a:b",
        "bob:a:b",
        "eve:a:b",
        ":a:b",
    ]
    .map(basic)
    .into();
    wrong.extend([
        format!("\nAuthorization: Bearer {right}"),
        format!("\nAuthorization: Basic{right}"),
        "\nAuthorization: Basic ***".to_owned(),
        "\nAuthorization: Basic".to_owned(),
    ]);
    for _ in 0..2 {
        for headers in &wrong {
            assert_eq!(
                get(&state, "/-/healthy", headers).await.status,
                401,
                "{headers}"
            );
        }
        // A right password is recognised again; a wrong one stays wrong.
        assert_eq!(
            get(&state, "/-/healthy", &basic("alice:a:b")).await.status,
            200
        );
    }
}

#[test]
fn only_a_complete_bcrypt_hash_is_valid() {
    let good = bcrypt::hash("x", 5).unwrap();
    assert_eq!(Hash::new(&good).unwrap().cost(), 5);
    for form in ["$2a$", "$2y$"] {
        assert!(Hash::new(&good.replacen("$2b$", form, 1)).is_some());
    }
    for bad in [
        "",
        "secret",
        &good[..59],
        &good.replace("$05$", "$5x$"),
        &good.replace("$2b$", "$1$$"),
    ] {
        assert!(Hash::new(bad).is_none(), "{bad}");
    }
}

#[test]
fn hashes_are_not_shown() {
    let shown = format!("{:?}", guarded());
    assert!(shown.contains("alice") && !shown.contains("$2"), "{shown}");
}

#[tokio::test]
async fn too_many_requests_are_rejected() {
    let state = with(Web {
        rate: Some(RateLimit::new(Duration::from_secs(3600), 2)),
        ..Web::default()
    });
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&state, "/-/healthy", "").await.status);
    }
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let open = with(Web::default());
    let users = with(guarded());
    let limited = with(Web {
        rate: Some(RateLimit::new(Duration::from_secs(3600), 0)),
        ..Web::default()
    });
    for (state, path, status) in [
        (&open, "/", 200),
        (&open, "/metrics", 200),
        (&open, "/health", 200),
        (&open, "/config", 200),
        (&open, "/-/healthy", 200),
        (&open, "/-/ready", 503),
        (&open, "/-/reload", 405),
        (&open, "/none", 404),
        (&users, "/", 401),
        (&limited, "/", 429),
    ] {
        let reply = get(state, path, "").await;
        assert_eq!(reply.status, status, "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path} {name}");
        }
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{path} {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path} {policy}");
        assert!(!policy.contains("unsafe"), "{path} {policy}");
    }
}

#[tokio::test]
async fn every_response_has_the_configured_headers() {
    let mut web = guarded();
    let value = HeaderValue::from_static("deny");
    web.headers.insert(X_FRAME_OPTIONS, value);
    let state = with(web);
    for headers in ["", &basic("alice:a:b")] {
        let reply = get(&state, "/metrics", headers).await;
        assert_eq!(reply.header("x-frame-options"), Some("deny"));
    }
}
