//! What guests say, on its way into the host's log.

use tracing::{debug, enabled, error, info, warn};

use super::bindings::nbu::collector::log::{Host, Level};
use super::instance::Instance;
use crate::site::SiteName;

/// Lines of one call that reach the log.
const LINES: usize = 1000;
/// Lines of what was printed that reach the log.
const PRINTED: usize = 50;
/// Bytes of one message, and of its fields.
const LONGEST: usize = 4 << 10;

/// The log of one call: whose it is, and how much of it was said.
pub(super) struct Journal {
    site: Option<SiteName>,
    lines: usize,
}

impl Journal {
    /// `site` is none for calls that concern no site, such as `describe`.
    pub(super) fn new(site: Option<SiteName>) -> Self {
        Self { site, lines: 0 }
    }

    fn say(&mut self, level: Level, message: &str, fields: &[(String, String)]) {
        // What the filter does not show costs nothing, and does not use up the
        // lines that it shows.
        if !shown(level) {
            return;
        }
        self.lines += 1;
        if self.lines > LINES {
            return;
        }
        let site = self.site();
        let mut fields_text = String::new();
        for (name, value) in fields {
            fields_text.push_str(&format!("{name}={value} "));
        }
        let message = cut(message);
        let fields = cut(fields_text.trim_end());
        match level {
            Level::Debug => debug!(site, fields, "{message}"),
            Level::Info => info!(site, fields, "{message}"),
            Level::Warn => warn!(site, fields, "{message}"),
            Level::Error => error!(site, fields, "{message}"),
        }
    }

    /// Says how much was left out, and the end of what was printed.
    pub(super) fn close(&self, printed: &[u8]) {
        let site = self.site();
        if self.lines > LINES {
            let dropped = self.lines - LINES;
            warn!(site, dropped, "The guest said too much; lines were dropped");
        }
        let text = String::from_utf8_lossy(printed);
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
        let begin = lines.len().saturating_sub(PRINTED);
        for line in lines.into_iter().skip(begin) {
            warn!(site, "{}", cut(line));
        }
    }

    fn site(&self) -> &str {
        self.site.as_ref().map_or("-", SiteName::as_str)
    }
}

impl Host for Instance {
    fn emit(&mut self, level: Level, message: String, fields: Vec<(String, String)>) {
        self.journal.say(level, &message, &fields);
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

/// The beginning of a text, on a character's border.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST))
        .unwrap_or(text)
}
