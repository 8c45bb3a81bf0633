//! What a guest must not get at.

use tests::Exposition;

use super::{KEY, program, running, simulator};

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_may_not_set_the_credential() {
    let simulator = simulator().await;
    let (_folder, mut program, _) = program("own-credential", &simulator).await;
    let line = program.line("Collector failed").await;
    assert!(line.contains("denied: HeaderError::Forbidden"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_told_neither_the_credential_nor_where_it_runs() {
    let simulator = simulator().await;
    let (_folder, mut program, client) = program("echo", &simulator).await;
    let line = program.line("Collector failed").await;
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
        bench.until("the guest was told so", told).await;
        assert_eq!(simulator.requests().total(), 0);
    }
}
