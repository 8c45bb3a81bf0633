//! The compiler process, as operators see it.

use tokio::sync::watch;
use tracing::error;

use crate::metrics::Instruments;

/// Says when the compiler process has ended. What is being served needs no compiler.
pub(super) async fn watch(mut up: watch::Receiver<bool>, instruments: Instruments) {
    if up.wait_for(|up| !up).await.is_ok() {
        instruments.compiler(false);
        error!("The compiler process has ended; no guest can be loaded until a restart");
    }
    // The first task of the app to end is the end of the app.
    std::future::pending().await
}
