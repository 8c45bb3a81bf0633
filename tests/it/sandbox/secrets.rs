//! Secrets and data that a guest must not access.

use tests::{Bench, Exposition, guests};

use super::{GUEST, KEY, program, running, simulator, site};

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_may_not_set_the_credential() {
    let simulator = simulator().await;
    let (_folder, mut program, _) = program("own-credential", &simulator).await;
    let line = program.line("Collection failed").await;
    assert!(line.contains("denied: HeaderError::Forbidden"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_sees_neither_the_credential_nor_its_environment() {
    let simulator = simulator().await;
    let (_folder, mut program, client) = program("echo", &simulator).await;
    let line = program.line("Collection failed").await;
    assert!(line.contains(simulator.url()), "{line}");
    for nothing in ["environment=[]", "arguments=[]", "files=None"] {
        assert!(line.contains(nothing), "{nothing}: {line}");
    }
    for text in program
        .log
        .iter()
        .chain([&client.get("/config").await.text()])
    {
        assert!(!text.contains(KEY), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_another_place_is_denied_and_counted() {
    for (behaviour, reason) in [("wander", "port"), ("userinfo", "userinfo")] {
        let simulator = simulator().await;
        let bench = running(behaviour, &simulator).await;
        let labels = [("site", "paris"), ("reason", reason)];
        let denied = |e: &Exposition| {
            let denied = e.value("nbu_exporter_egress_denied_total", &labels);
            denied >= Some(1.0)
        };
        bench.until(reason, denied).await;
        let told = |e: &Exposition| {
            let labels = [("collector", "jobs"), ("reason", "denied")];
            e.value("nbu_collector_failures_total", &labels) >= Some(1.0)
        };
        bench.until("the guest got the error", told).await;
        assert_eq!(simulator.requests().total(), 0);
    }
}

/// It counts its calls of any kind in its memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_keeps_no_memory_between_calls_or_sites() {
    let simulator = simulator().await;
    let sites = ["paris", "oslo"].map(|name| site(name, &simulator));
    let rest = format!("{GUEST}server: {{ collectionInterval: 100ms, cacheTTL: 1h }}\n");
    let guest = guests::behaving("remembers", 1);
    let bench = Bench::start_on(&guest, &sites, &rest).await;
    let reads = |e: &Exposition, site| {
        let labels = [("site", site), ("result", "success")];
        e.sum("nbu_exporter_collections_total", &labels)
    };
    let often = |e: &Exposition| reads(e, "paris") >= 4.0 && reads(e, "oslo") >= 4.0;
    let page = bench.until("each is read again and again", often).await;
    for name in ["nbu_test_jobs", "nbu_test_storage"] {
        let series = page.all(name, &[]);
        assert_eq!(series.len(), 2, "{series:?}");
        // The first call collected both collectors.
        assert!(
            series.iter().all(|sample| sample.value <= 2.0),
            "{series:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_the_socket_interfaces_is_denied() {
    let simulator = simulator().await;
    let (_folder, mut program, _) = program("sockets", &simulator).await;
    let line = program.line("Collection failed").await;
    // TCP and UDP, each over IPv4 and IPv6; and three look-ups.
    assert_eq!(
        line.matches(r#"name: \"access-denied\""#).count(),
        4,
        "{line}"
    );
    let lookups = r#"name: \"permanent-resolver-failure\""#;
    assert_eq!(line.matches(lookups).count(), 3, "{line}");
    assert!(!line.contains("Ok("), "{line}");
}
