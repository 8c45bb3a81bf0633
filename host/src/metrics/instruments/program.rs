//! Records events of the configuration and the guest.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{FAILURE, Instruments, NO_LABELS, SUCCESS, gauge};

/// The result of offering a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapResult {
    /// It became the current guest.
    Promoted,
    /// It was rejected.
    Refused,
    /// It became current, failed, and was replaced by the previous guest.
    RolledBack,
}

impl SwapResult {
    pub(super) const ALL: [Self; 3] = [Self::Promoted, Self::Refused, Self::RolledBack];

    /// The `result` label of `nbu_exporter_guest_swaps_total`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::Refused => "refused",
            Self::RolledBack => "rolled_back",
        }
    }
}

impl Instruments {
    /// A configuration took effect, at the start or after a reload.
    pub fn config_loaded(&self, sha256: &str, at: SystemTime) {
        let table = self.change();
        table.config_info.reset();
        table.config_info.with_label_values(&[sha256]).set(1);
        table.config_successful.with_label_values(NO_LABELS).set(1);
        table
            .config_timestamp
            .with_label_values(NO_LABELS)
            .set(seconds(at));
    }

    /// A requested reload succeeded.
    pub fn reload_succeeded(&self, at: SystemTime) {
        let table = self.change();
        table.config_reloads.with_label_values(&[SUCCESS]).inc();
        table.config_successful.with_label_values(NO_LABELS).set(1);
        table
            .config_timestamp
            .with_label_values(NO_LABELS)
            .set(seconds(at));
    }

    /// A requested reload failed; the previous configuration stays in effect.
    pub fn reload_failed(&self) {
        let table = self.change();
        table.config_reloads.with_label_values(&[FAILURE]).inc();
        table.config_successful.with_label_values(NO_LABELS).set(0);
    }

    /// A generation became current; `signed` if the signature of its guest was
    /// verified.
    pub fn guest_current(&self, version: &str, sha256: &str, signed: bool, generation: u64) {
        let table = self.change();
        table.guest_info.reset();
        let signed = if signed { "true" } else { "false" };
        table
            .guest_info
            .with_label_values(&[version, sha256, signed])
            .set(1);
        table
            .guest_generation
            .with_label_values(NO_LABELS)
            .set(gauge(generation));
    }

    /// Whether the compiler process runs.
    pub fn compiler(&self, up: bool) {
        self.change()
            .compiler_up
            .with_label_values(NO_LABELS)
            .set(i64::from(up));
    }

    /// Lines were dropped from the log.
    pub fn log_lines_dropped(&self, lines: u64) {
        self.change()
            .log_lines_dropped
            .with_label_values(NO_LABELS)
            .inc_by(lines);
    }

    /// Spans were not sent to the receiver of traces.
    pub fn spans_dropped(&self, spans: u64) {
        self.change()
            .spans_dropped
            .with_label_values(NO_LABELS)
            .inc_by(spans);
    }

    /// A guest was offered as replacement.
    pub fn swap(&self, result: SwapResult) {
        self.change()
            .guest_swaps
            .with_label_values(&[result.as_str()])
            .inc();
    }
}

/// Seconds since the Unix epoch; a clock set before it counts as the epoch.
fn seconds(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}
