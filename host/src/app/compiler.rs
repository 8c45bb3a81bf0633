//! Reports the state of the compiler process to operators.

use tokio::sync::watch;
use tracing::error;

use crate::metrics::Instruments;

/// Reports the end of the compiler process. The exporter goes on serving without it.
pub(super) async fn watch(mut up: watch::Receiver<bool>, instruments: Instruments) {
    if up.wait_for(|up| !up).await.is_ok() {
        instruments.compiler(false);
        error!("The compiler process has ended; no guest can be loaded until a restart");
    }
    // The app stops as soon as one of its tasks ends.
    std::future::pending().await
}
