//! Reports in the metrics what was dropped.

use tokio::sync::watch;

/// Passes each increase of a count to `add`.
pub(super) async fn count(mut dropped: watch::Receiver<u64>, add: impl Fn(u64)) {
    let mut counted = 0;
    loop {
        let now = *dropped.borrow_and_update();
        add(now - counted);
        counted = now;
        if dropped.changed().await.is_err() {
            // The app stops as soon as one of its tasks ends.
            std::future::pending().await
        }
    }
}
