//! Shows what guests print and log, for commands without a log of their own.

use std::time::Duration;

use crate::app::ExitError;
use crate::telemetry::{self, Handle, LogSettings, LogTarget};

/// Warnings of guests, what they print, and their denied requests. These commands report everything else themselves.
const FILTER: &str = "error,nbu_exporter::guest::guest_log=warn,nbu_exporter::egress::session=warn";

/// Shows the output of guests on standard error while the command runs.
pub(super) async fn show_output<F>(command: impl FnOnce(Handle) -> F) -> Result<(), ExitError>
where
    F: Future<Output = Result<(), ExitError>>,
{
    let log = telemetry::init(&LogSettings {
        filter: FILTER.parse().unwrap_or_default(),
        target: LogTarget::Stderr,
        ..LogSettings::default()
    });
    let log = log.map_err(ExitError::Log)?;
    let ended = command(log.clone()).await;
    // Without a limit, since a command has no deadline. The error comes after the output.
    log.flush(Duration::MAX);
    ended
}
