//! Clients that guess passwords.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tests::{Bench, eventually};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use super::authentication::{basic, status};
use super::client::{Authority, get};
use super::serving;

/// Connections of the attacker. Each always has a password check in progress.
const GUESSERS: usize = 50;

/// Endlessly guesses from another address than the legitimate client's.
async fn guess(address: SocketAddr, wrong: Arc<AtomicUsize>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    for number in 0.. {
        let credentials = basic(&format!("prometheus:{number}"));
        let header = format!("Authorization: {credentials}\r\n");
        let (status, _) = get(&mut stream, "/metrics", &header).await.unwrap();
        assert!(status == 401 || status == 429, "{status}");
        if status == 401 {
            wrong.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// With the usual cost, so that checks queue up.
async fn guarded() -> Bench {
    let hash = bcrypt::hash("right", 10).unwrap();
    let web = format!("basic_auth_users: {{ prometheus: {hash} }}\n");
    serving(&Authority::new(), &web).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_login_is_not_delayed_by_an_address_that_guesses_passwords() {
    let bench = guarded().await;
    let wrong = Arc::new(AtomicUsize::new(0));
    let mut guessers = JoinSet::new();
    for _ in 0..GUESSERS {
        guessers.spawn(guess(bench.app.addresses()[0], Arc::clone(&wrong)));
    }
    let guesses = || wrong.load(Ordering::SeqCst);
    eventually("it is guessing", async || guesses() > 0).await;
    let before = guesses();
    assert_eq!(status(&bench, "prometheus:right").await, 200);
    // In order of arrival, all others would have been first.
    let overtaken = guesses() - before;
    assert!(overtaken < GUESSERS / 2, "{overtaken} guesses were first");
    // The attack continues.
    let now = guesses();
    eventually("it is still guessing", async || guesses() > now).await;
    assert_eq!(status(&bench, "prometheus:right").await, 200);
    assert!(guessers.try_join_next().is_none(), "one was cut off");
}
