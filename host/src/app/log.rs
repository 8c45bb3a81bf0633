//! Reports the state of the log in the metrics.

use tokio::sync::watch;

use crate::metrics::Instruments;

/// Counts dropped log lines.
pub(super) async fn count(mut dropped: watch::Receiver<u64>, instruments: Instruments) {
    let mut counted = 0;
    loop {
        let now = *dropped.borrow_and_update();
        instruments.log_lines_dropped(now - counted);
        counted = now;
        if dropped.changed().await.is_err() {
            // The app stops as soon as one of its tasks ends.
            std::future::pending().await
        }
    }
}
