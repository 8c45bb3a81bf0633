//! NetBackup responds with 200 and an unreadable body.

use simulator::{Clock, Fault, Job, Malformed};

use super::{OFTEN, jobs_fail, started};

const MEBIBYTE: f64 = 1_048_576.0;

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_body_is_malformed() {
    let (simulator, bench) = started(OFTEN, "").await;
    for how in [Malformed::Html, Malformed::Truncated, Malformed::WrongShape] {
        jobs_fail(&simulator, &bench, Fault::Malformed(how), "malformed").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_is_reported_as_too_long() {
    let (simulator, bench) = started(OFTEN, "").await;
    let now = Clock::System.now();
    // More than one page, so that there is a cursor to repeat.
    simulator.change(|estate| (100..300).for_each(|id| estate.add_job(Job::new(id, now))));
    jobs_fail(&simulator, &bench, Fault::RepeatCursor, "too-long").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_is_cut_off_at_the_configured_size() {
    let (simulator, bench) = started(OFTEN, "maxResponseBytes: 1MiB").await;
    // A failed collection requests one list, so two of them show that each body is cut off.
    for _ in 0..2 {
        jobs_fail(&simulator, &bench, Fault::HugeBody(u64::MAX), "malformed").await;
    }
    let exposition = bench.scrape().await;
    let peak = exposition.sum("nbu_exporter_guest_peak_memory_bytes", &[]);
    assert!(peak < 32.0 * MEBIBYTE, "{peak}");
    let refused = exposition.sum(
        "nbu_exporter_upstream_requests_total",
        &[("code", "too_large")],
    );
    let received = exposition.sum("nbu_exporter_upstream_received_bytes_total", &[]);
    assert!(refused >= 2.0, "{refused}");
    assert!(received < (refused + 1.0) * 2.0 * MEBIBYTE, "{received}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_does_not_affect_other_collectors_by_default() {
    let rest = "server: { collectionInterval: 5s, cacheTTL: 5s }";
    let (simulator, bench) = started(rest, "").await;
    jobs_fail(&simulator, &bench, Fault::HugeBody(u64::MAX), "malformed").await;
}
