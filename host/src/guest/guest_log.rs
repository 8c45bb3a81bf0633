//! Forwards log messages of guests to the log of the host. Each line names the guest by its
//! digest, since a candidate logs too during its trial.

use tracing::{debug, enabled, error, info, warn};

use super::bindings::v1::nbu::collector::log as old;
use super::bindings::v2::nbu::collector::log::{Host, Level};
use super::instance::Instance;
use super::{Digest, LogLimits};
use crate::site::SiteName;
use crate::telemetry::guest_fields;

/// Maximum number of captured output lines in the log.
const PRINTED: usize = 50;

/// The log of one call, with its limits.
pub(super) struct GuestLog {
    guest: Digest,
    site: Option<SiteName>,
    limits: LogLimits,
    lines: usize,
    bytes: usize,
    dropped: usize,
}

impl GuestLog {
    /// `site` is `None` for calls without a site, such as `describe`.
    pub(super) fn new(guest: Digest, site: Option<SiteName>, limits: LogLimits) -> Self {
        Self {
            guest,
            site,
            limits,
            lines: 0,
            bytes: 0,
            dropped: 0,
        }
    }

    fn say(&mut self, level: Level, message: &str, fields: &[(String, String)]) {
        // Filtered messages are free and do not count against the limits.
        if !shown(level) {
            return;
        }
        let (message, (fields, size)) = (self.cut(message), self.cut_all(fields));
        let bytes = self.bytes + message.len() + size;
        if self.lines == self.limits.lines || bytes > self.limits.bytes {
            self.dropped += 1;
            return;
        }
        self.lines += 1;
        self.bytes = bytes;
        let (site, sha256, fields) = (self.site(), self.guest, guest_fields(&fields));
        match level {
            Level::Debug => debug!(site, %sha256, guest_fields = fields, "{message}"),
            Level::Info => info!(site, %sha256, guest_fields = fields, "{message}"),
            Level::Warn => warn!(site, %sha256, guest_fields = fields, "{message}"),
            Level::Error => error!(site, %sha256, guest_fields = fields, "{message}"),
        }
    }

    /// Logs the number of dropped lines and the end of the captured output.
    pub(super) fn close(&self, printed: &[u8]) {
        let (site, sha256) = (self.site(), self.guest);
        let dropped = self.dropped;
        if dropped > 0 {
            warn!(site, %sha256, dropped, "Guest exceeded its log limits; lines were dropped");
        }
        let text = String::from_utf8_lossy(printed);
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
        let begin = lines.len().saturating_sub(PRINTED);
        for line in lines.into_iter().skip(begin) {
            warn!(site, %sha256, "{}", self.cut(line));
        }
    }

    /// Truncates all fields together, and returns their size in bytes.
    fn cut_all<'t>(&self, fields: &'t [(String, String)]) -> (Vec<(&'t str, &'t str)>, usize) {
        let mut room = self.limits.line_bytes;
        let mut kept = Vec::new();
        for (name, value) in fields {
            if room == 0 {
                break;
            }
            let name = cut(name, room);
            let value = cut(value, room - name.len());
            // One byte more, so that the number of empty fields has a limit too.
            room = room.saturating_sub(name.len() + value.len() + 1);
            kept.push((name, value));
        }
        (kept, self.limits.line_bytes - room)
    }

    fn cut<'t>(&self, text: &'t str) -> &'t str {
        cut(text, self.limits.line_bytes)
    }

    fn site(&self) -> &str {
        self.site.as_ref().map_or("-", SiteName::as_str)
    }
}

/// Truncates a text at a character boundary.
fn cut(text: &str, bytes: usize) -> &str {
    let end = text.floor_char_boundary(bytes);
    text.get(..end).unwrap_or(text)
}

impl Host for Instance {
    fn emit(&mut self, level: Level, message: String, fields: Vec<(String, String)>) {
        self.log.say(level, &message, &fields);
    }
}

impl old::Host for Instance {
    fn emit(&mut self, level: old::Level, message: String, fields: Vec<(String, String)>) {
        let level = match level {
            old::Level::Debug => Level::Debug,
            old::Level::Info => Level::Info,
            old::Level::Warn => Level::Warn,
            old::Level::Error => Level::Error,
        };
        Host::emit(self, level, message, fields);
    }
}

fn shown(level: Level) -> bool {
    match level {
        Level::Debug => enabled!(tracing::Level::DEBUG),
        Level::Info => enabled!(tracing::Level::INFO),
        Level::Warn => enabled!(tracing::Level::WARN),
        Level::Error => enabled!(tracing::Level::ERROR),
    }
}
