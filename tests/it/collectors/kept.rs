//! Values of a client that stay after NetBackup has deleted its jobs.

use std::time::Duration;

use http::Method;
use simulator::{Clock, Estate, Job, Options, Simulator};
use tests::{Client, Exposition};

use super::{all_on, attempted};

const OFTEN: &str = "server: { collectionInterval: 100ms, cacheTTL: 1h }";
const HOUR: Duration = Duration::from_secs(3600);

/// How many jobs the server itself lists.
async fn jobs(simulator: &Simulator) -> usize {
    let headers = [
        ("authorization", "simulator"),
        ("accept", "application/vnd.netbackup+json;version=14.0"),
    ];
    let client = Client::new(simulator.address());
    let answer = client
        .ask(Method::GET, "/netbackup/admin/jobs", &headers)
        .await;
    let list: serde_json::Value = serde_json::from_slice(&answer.bytes).unwrap();
    list["data"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_new_backups_ages_but_stays_visible() {
    let clock = Clock::manual(Clock::System.now());
    let mut estate = Estate::empty();
    let end = clock.now() - HOUR;
    estate.add_job(Job::new(1, end - HOUR).done(end - HOUR, end, 0));
    let options = Options {
        estate,
        clock: clock.clone(),
        ..Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let rest = format!("{OFTEN}\n{}", all_on("", &["client"]));
    assert_eq!(jobs(&simulator).await, 1);
    let (bench, before) = attempted(&[("paris", &simulator)], &rest).await;
    let last = |page: &Exposition| {
        let labels = [("client", "client")];
        page.value(
            "nbu_client_last_successful_backup_timestamp_seconds",
            &labels,
        )
    };
    assert_eq!(last(&before), Some(end.as_second() as f64));

    clock.advance(80 * HOUR);
    let read = |page: &Exposition| {
        let labels = [("source", "perClient")];
        page.value("nbu_last_scrape_timestamp_seconds", &labels)
    };
    let mut page = before;
    for _ in 0..2 {
        let then = read(&page);
        page = bench.until("it is read again", |e| read(e) > then).await;
    }
    assert_eq!(jobs(&simulator).await, 0, "NetBackup has forgotten the job");
    assert_eq!(last(&page), Some(end.as_second() as f64));
}
