//! The limit on the connections of all sites.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::server::{NextStep, OK, Script, Server};
use super::*;

const HANGING: Script = Script {
    says: "",
    then: NextStep::Hangs,
};

/// A site that waits a moment for a free connection.
fn hasty(port: u16) -> EgressSettings {
    let mut settings = settings(port);
    settings.timeouts.connect = Duration::from_millis(100);
    settings
}

fn failure(answer: Result<Bytes, Error>) -> String {
    match answer {
        Err(Error::InternalError(Some(why))) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_site_without_a_free_connection_reports_that_reason() {
    let (hanging, other) = (Server::http(HANGING).await, Server::http(OK).await);
    let sockets = Sockets::limited(|| 1);
    let first = Way::through(&settings(hanging.port), Arc::clone(&sockets));
    let asking = tokio::spawn(async move { first.read("/ping").await });
    hanging.asked().await;

    let way = Way::through(&hasty(other.port), Arc::clone(&sockets));
    let why = failure(way.read("/ping").await);
    let said = "no file descriptors left: all 1 connections to NetBackup are in use; \
                raise `LimitNOFILE=` of the unit, or `ulimit -n`";
    assert_eq!(why, said);
    assert_eq!(way.codes(), ["no_descriptor"]);
    assert!(
        way.traffic().is_unreachable(),
        "it is not the guest's fault"
    );

    // A connection is free once the other request has ended.
    asking.abort();
    let _ = asking.await;
    let way = Way::through(&settings(other.port), sockets);
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
}

#[tokio::test]
async fn a_limit_that_changes_takes_effect_at_once() {
    let server = Server::http(OK).await;
    let limit = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&limit);
    let sockets = Sockets::limited(move || now.load(Relaxed));
    let way = Way::through(&hasty(server.port), Arc::clone(&sockets));
    assert!(failure(way.read("/ping").await).contains("all 0 connections"));
    limit.store(2, Relaxed);
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
    limit.store(0, Relaxed);
    let other = Way::through(&hasty(server.port), sockets);
    assert!(failure(other.read("/ping").await).contains("all 0 connections"));
    // Existing connections stay open.
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
}

#[tokio::test]
async fn idle_connections_are_kept_while_half_of_the_limit_is_free() {
    let server = Server::http(OK).await;
    let sockets = Sockets::limited(|| 2);
    let way = Way::through(&settings(server.port), sockets);
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
    let way = way.next();
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
    assert_eq!(server.connections(), 1);
}

/// Their buffers would take more memory than all values.
#[tokio::test]
async fn idle_connections_are_closed_while_many_are_in_use() {
    let server = Server::http(OK).await;
    let sockets = Sockets::limited(|| 1_000);
    let mut others = Vec::new();
    for _ in 0..128 {
        others.push(sockets.take(Duration::ZERO).await.ok().unwrap());
    }
    let way = Way::through(&settings(server.port), sockets);
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
    let way = way.next();
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
    assert_eq!(server.connections(), 2);
    drop(others);
    let way = way.next();
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn idle_connections_do_not_block_other_sites() {
    let (server, other) = (Server::http(OK).await, Server::http(OK).await);
    let sockets = Sockets::limited(|| 1);
    let idle = Way::through(&settings(server.port), Arc::clone(&sockets));
    assert_eq!(idle.read("/ping").await.unwrap(), "ok");
    let _idle = idle.next();
    let way = Way::through(&settings(other.port), sockets);
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
}

#[tokio::test]
async fn an_abandoned_connection_attempt_does_not_block_other_sites() {
    let (server, other) = (Server::http(OK).await, Server::http(OK).await);
    let sockets = Sockets::limited(|| 1);
    let mut patient = settings(server.port);
    patient.timeouts.connect = Duration::from_secs(600);
    let busy = Way::through(&patient, Arc::clone(&sockets));
    // The second one waits, and then uses the connection of the first.
    let (one, two) = tokio::join!(busy.read("/ping"), busy.read("/ping"));
    assert_eq!((one.unwrap(), two.unwrap()), ("ok".into(), "ok".into()));
    let _idle = busy.next();
    let way = Way::through(&settings(other.port), sockets);
    assert_eq!(way.read("/ping").await.unwrap(), "ok");
}
