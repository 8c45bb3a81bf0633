//! The counts of one call.

use super::server::{NextStep, OK, Script, Server};
use super::*;

fn saying(says: &'static str) -> Script {
    Script {
        says,
        then: NextStep::Closes,
    }
}

/// The counts of one read of `/ping`.
async fn traffic(script: Script) -> Traffic {
    let server = Server::http(script).await;
    let way = Way::to(&settings(server.port));
    let _ = way.read("/ping").await;
    way.traffic()
}

fn answered() -> Traffic {
    Traffic {
        sent: 1,
        answered: 1,
        ..Traffic::default()
    }
}

#[tokio::test]
async fn responses_are_classified_by_their_meaning_for_the_site() {
    assert_eq!(traffic(OK).await, answered());
    let not_found = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    let absent = Traffic {
        absent: 1,
        ..answered()
    };
    assert_eq!(traffic(saying(not_found)).await, absent);
    let forbidden = Traffic {
        unauthorized: 1,
        ..answered()
    };
    let says = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(traffic(saying(says)).await, forbidden);
    let unavailable = Traffic {
        unavailable: 1,
        ..answered()
    };
    for says in [
        "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 429 Too Many\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n",
    ] {
        assert_eq!(traffic(saying(says)).await, unavailable, "{says}");
    }
    let cut_short = Traffic {
        cut_short: 1,
        ..answered()
    };
    let says = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok";
    assert_eq!(traffic(saying(says)).await, cut_short);
    // The response was not HTTP.
    let silent = Traffic {
        sent: 1,
        ..Traffic::default()
    };
    assert_eq!(traffic(saying("")).await, silent);
}

#[tokio::test]
async fn failures_caused_by_the_guest_do_not_count_as_an_unreachable_site() {
    let hangs = Script {
        says: "",
        then: NextStep::Hangs,
    };
    let server = Server::http(hangs).await;
    let way = Way::to(&settings(server.port));
    assert!(way.get("/elsewhere").await.is_err());
    assert_eq!(way.traffic(), Traffic::default(), "it did not leave");

    let hasty = RequestOptions {
        connect_timeout: Some(Duration::ZERO),
        first_byte_timeout: Some(Duration::ZERO),
        between_bytes_timeout: None,
    };
    let sent = way.send(request(&way.url("/ping")), Some(hasty)).await;
    assert!(sent.is_err());
    let asked = async {
        tokio::select! {
            // The server may have received the first one, so this one begins first.
            biased;
            _ = way.get("/ping") => panic!("it hangs"),
            () = server.asked() => {}
        }
    };
    asked.await;
    let traffic = way.traffic();
    let unanswered = Traffic {
        sent: 2,
        ..Traffic::default()
    };
    assert_eq!(traffic, unanswered);
    assert!(!traffic.is_unreachable() && traffic.had_trouble());
}

#[tokio::test]
async fn a_site_without_a_listener_is_unreachable() {
    // The port is free again once the listener is dropped.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    let gone = Way::to(&settings(port));
    let error = gone.get("/ping").await.unwrap_err();
    assert!(matches!(error, Error::ConnectionRefused), "{error:?}");
    let unreachable = Traffic {
        sent: 1,
        unreachable: 1,
        ..Traffic::default()
    };
    assert_eq!(gone.traffic(), unreachable);
    assert!(gone.traffic().is_unreachable());
}
