//! The load of an hour of collections on a NetBackup server with 60,000 jobs a day.
//!
//! The hour is simulated: before each collection, the clocks of guest and server
//! advance by five minutes.

use crate::jobs::Pace;
use crate::sandbox::{Sandbox, window};
use crate::site::{self, Site};
use crate::table::Table;

const JOBS_A_DAY: u64 = 60_000;
const DAY: u64 = 86_400;
const INTERVAL: u64 = 300;
const COLLECTIONS: u64 = 12;
/// Rows of a page of jobs.
const PAGE: u64 = 100;

pub(crate) async fn measure(table: &mut Table) {
    for hours in [1, 4] {
        hour(table, hours * 3600).await;
    }
}

async fn hour(table: &mut Table, lookback: u64) {
    let pace = Pace {
        jobs: JOBS_A_DAY,
        from: site::now() - DAY,
        span: DAY,
    };
    let site = Site::start(pace).await;
    let begin = site.first() - 3600;
    let sandbox = Sandbox::new(&site, "").await;
    site.set(begin, 0).await;
    let mut state = sandbox
        .collect(window(begin, lookback), Vec::new())
        .await
        .state;
    sandbox.sent();
    let mut busy = std::time::Duration::ZERO;
    for number in 1..=COLLECTIONS {
        let now = begin + number * INTERVAL;
        site.set(now, 0).await;
        let collection = sandbox.collect(window(now, lookback), state).await;
        busy += collection.took;
        state = collection.state;
    }
    let (requests, bytes) = sandbox.sent();
    // It reads the window in pages, every time, and another page for what has not
    // ended, and storage like ours.
    let rows = JOBS_A_DAY * lookback / DAY;
    let theirs = COLLECTIONS * (rows / PAGE + 1 + 1);
    let hours = lookback / 3600;
    let what = format!("requests upstream an hour, window {hours} h");
    let aim = format!("≤ {}", theirs / 10);
    let how = format!(
        "60,000 jobs a day, {COLLECTIONS} collections, {} each, mean; \
         the predecessor: {theirs}",
        crate::table::milliseconds(busy / COLLECTIONS as u32),
    );
    table.add(what, requests.to_string(), &aim, &how);
    let row = row_bytes(&site).await;
    let theirs = (COLLECTIONS * rows) as f64 * row / 1e6;
    let what = format!("bytes upstream an hour, window {hours} h");
    let figure = format!("{:.2} MB", bytes as f64 / 1e6);
    let aim = format!("≤ {:.2} MB", theirs / 10.0);
    let how = format!("bodies; {row:.0} bytes a job; the predecessor: {theirs:.1} MB");
    table.add(what, figure, &aim, &how);
}

/// The size of a job in a response.
async fn row_bytes(site: &Site) -> f64 {
    let path = format!("/netbackup/admin/jobs?page[limit]={PAGE}");
    let client = tests::Client::new(site.child.address);
    client.get(&path).await.bytes.len() as f64 / PAGE as f64
}
