//! Writes the lines about failing collectors.

use std::collections::BTreeSet;

use tracing::{info, warn};

use super::collection::CollectionContext;
use super::failure_log::{AttemptLog, LogEntry, LogEvent};
use crate::clock::Timestamp;
use crate::egress::Diagnosis;
use crate::guest::hints;
use crate::site::SiteName;

impl CollectionContext<'_> {
    /// Logs the failures of a collection that the log does not have yet, and what
    /// succeeds again.
    pub(super) fn log_failures(
        &self,
        site: &SiteName,
        attempts: Vec<AttemptLog>,
        connection: Option<&Diagnosis>,
    ) {
        let entries = self
            .memory
            .log_entries(site, attempts, Timestamp::now().instant);
        for entry in entries {
            let hint = self.hint(&entry, connection, self.memory.is_up(site));
            let LogEntry {
                event,
                cause,
                collectors,
                error,
                request_id,
                lasted,
            } = entry;
            let collectors = Vec::from_iter(collectors).join(", ");
            let seconds = lasted.as_millis() as f64 / 1000.0;
            let reason = cause.map(|cause| match cause.fault {
                Some(kind) => kind.to_owned(),
                None => cause.reasons.join(", "),
            });
            match event {
                LogEvent::Failed => {
                    warn!(%site, reason, collectors, error, hint, request_id, "Collection failed");
                }
                LogEvent::StillFailing => {
                    warn!(%site, reason, collectors, error, hint, request_id, seconds, "Collection still fails");
                }
                LogEvent::Recovered => info!(%site, collectors, seconds, "Collection recovered"),
            }
        }
    }

    fn hint(
        &self,
        entry: &LogEntry,
        connection: Option<&Diagnosis>,
        is_up: bool,
    ) -> Option<String> {
        let cause = entry.cause.as_ref()?;
        if let Some(connection) = connection.filter(|_| cause.connection.is_some()) {
            return Some(connection.hint.to_owned());
        }
        let collectors = entry.collectors.iter();
        let permissions = collectors.flat_map(|collector| self.guest.permissions(collector));
        let permissions: BTreeSet<_> = permissions.cloned().collect();
        let hints = hints(&cause.reasons, &Vec::from_iter(permissions), is_up);
        (!hints.is_empty()).then(|| hints.join("; "))
    }
}
