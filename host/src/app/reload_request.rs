//! Requests for a reload.

use std::fmt;

use tokio::sync::{mpsc, oneshot};

/// The cause of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadTrigger {
    /// SIGHUP.
    Signal,
    /// `POST /-/reload`.
    Http,
    /// The configuration file, or a file that it names, changed.
    File,
}

impl fmt::Display for ReloadTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signal => "SIGHUP",
            Self::Http => "POST /-/reload",
            Self::File => "file change",
        })
    }
}

/// A reload whose sender waits for the result.
pub struct ReloadRequest {
    pub(super) trigger: ReloadTrigger,
    pub(super) answer: oneshot::Sender<Result<String, String>>,
}

/// Requests a reload and waits for its result.
pub(super) async fn ask(
    requests: &mpsc::Sender<ReloadRequest>,
    trigger: ReloadTrigger,
) -> Result<String, String> {
    let (answer, answered) = oneshot::channel();
    let stopping = || "the exporter is stopping".to_owned();
    requests
        .send(ReloadRequest { trigger, answer })
        .await
        .map_err(|_| stopping())?;
    answered.await.map_err(|_| stopping())?
}
