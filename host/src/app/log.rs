//! The log, as operators see it in the metrics.

use tokio::sync::watch;

use crate::metrics::Instruments;

/// Counts the lines that the log drops.
pub(super) async fn count(mut dropped: watch::Receiver<u64>, instruments: Instruments) {
    let mut counted = 0;
    loop {
        let now = *dropped.borrow_and_update();
        instruments.log_lines_dropped(now - counted);
        counted = now;
        if dropped.changed().await.is_err() {
            // The first task of the app to end is the end of the app.
            std::future::pending().await
        }
    }
}
